"""The types of commands and rows. Written by clients/generate.py from schemas/openapi.json; changes here are lost."""
from __future__ import annotations

from typing import Any, Dict, List, Literal, TypedDict, Union


class About(TypedDict, total=False):
    """What an activity is about"""
    company_id: str | None
    contact_id: str | None
    deal_id: str | None
    lead_id: str | None

AccountType = Literal['asset', 'liability', 'equity', 'revenue', 'expense']
"""Where an account stands in the statements"""

class ActivityCancelled(TypedDict, total=False):
    """The activity will not be done"""
    reason: str | None

class _ActivityCompleted(TypedDict):
    completed_at: str

class ActivityCompleted(_ActivityCompleted, total=False):
    """The activity was done"""
    outcome: str | None

ActivityKind = Literal['call', 'meeting', 'email', 'task', 'note']
"""What is done"""

class _ActivityRow(TypedDict):
    at: str
    created_at: str
    due_at: str
    id: str
    kind: ActivityKind
    status: ActivityState
    subject: str
    updated_at: str
    version: int

class ActivityRow(_ActivityRow, total=False):
    """An activity"""
    assignee: str | None
    cancel_reason: str | None
    company_id: str | None
    completed_at: str | None
    contact_id: str | None
    deal_id: str | None
    duration_minutes: int | None
    lead_id: str | None
    note: str | None
    outcome: str | None

class _ActivityScheduled(TypedDict):
    about: About
    due_at: str
    kind: ActivityKind
    subject: str

class ActivityScheduled(_ActivityScheduled, total=False):
    """An activity was planned"""
    assignee: str | None
    duration_minutes: int | None
    note: str | None

ActivityState = Literal['scheduled', 'completed', 'cancelled']
"""Where an activity stands"""

class ActivityStatusPlanned(TypedDict):
    state: Literal['planned']

class _ActivityStatusCompleted(TypedDict):
    completed_at: str
    state: Literal['completed']

class ActivityStatusCompleted(_ActivityStatusCompleted, total=False):
    outcome: str | None

class _ActivityStatusCancelled(TypedDict):
    state: Literal['cancelled']

class ActivityStatusCancelled(_ActivityStatusCancelled, total=False):
    reason: str | None

ActivityStatus = Union["ActivityStatusPlanned", "ActivityStatusCompleted", "ActivityStatusCancelled"]
"""Where an activity stands"""

class Address(TypedDict, total=False):
    """A postal address"""
    city: str | None
    country: str | None
    postal_code: str | None
    region: str | None
    street: str | None

class Address2(TypedDict, total=False):
    """A postal address"""
    city: str | None
    country: str | None
    postal_code: str | None
    region: str | None
    street: str | None

class Address3(TypedDict, total=False):
    """A postal address; its country is a field of its own"""
    city: str | None
    postal_code: str | None
    region: str | None
    street: str | None

Aggregation = Literal['count', 'sum', 'max', 'unique_count', 'latest']
"""How the records of a period become one number"""

class _Allocate(TypedDict):
    invoice_id: str

class Allocate(_Allocate, total=False):
    """A part of a payment, for one invoice"""
    amount: Money | None

class Allocation(TypedDict):
    """A part of a payment that is for one invoice"""
    amount: Money
    applied: Money
    excess: Money
    invoice_id: str
    number: str
    recovered: Money

class Applied(TypedDict):
    """A template in a currency"""
    currency: Currency
    template: Template

class AsOf(TypedDict):
    """What the answer includes"""
    lag_events: int
    positions: List[str]

class AvailableIn(TypedDict):
    """What a warehouse can promise"""
    allocated: int
    available: int
    item_id: str
    on_hand: int
    reserved: int
    safety_stock: int
    warehouse_id: str
    warehouse_name: str

class _BankAccount(TypedDict):
    number: str

class BankAccount(_BankAccount, total=False):
    """Where customers pay to"""
    bank_code: str | None
    bank_name: str | None
    holder: str | None

Begin = Literal['now', 'start']
"""With which events an endpoint begins"""

class _BillEntry(TypedDict):
    amount_minor: int
    date: str
    kind: EntryKind
    reference: str

class BillEntry(_BillEntry, total=False):
    """A payment, credit note or refund of a bill"""
    method: PaymentMethod | None
    reversed_on: str | None
    taxes: List[TaxSum]

class _BillHeader(TypedDict):
    currency: Currency
    date: str
    due_date: str
    supplier_id: str
    supplier_name: str
    supplier_number: str
    tax_mode: TaxMode

class BillHeader(_BillHeader, total=False):
    """What a bill says, apart from its lines"""
    note: str | None
    purchase_order: str | None
    source: Source | None
    supplier_address: Address2 | None
    supplier_tax_id: str | None

BillKind = Literal['recurring', 'final']
"""Whether a bill begins a period or closes the last one"""

class _BillLine(TypedDict):
    description: str
    expense_role: ExpenseRole
    gross: Money
    line_id: str
    net: Money
    quantity: str | float
    tax: Money
    tax_category: TaxCategory
    tax_rate_percent: str | float
    unit_price: UnitPrice

class BillLine(_BillLine, total=False):
    """A line of a bill, with its amounts"""
    account: str | None
    discount: Discount | None
    product_id: str | None
    sku: str | None
    stated_tax: Money | None
    unit: str | None

class _BillLineInput(TypedDict):
    description: str
    unit_price: UnitPrice

class BillLineInput(_BillLineInput, total=False):
    """A line of a bill, as commands give it"""
    account: str | None
    discount: Discount | None
    expense_role: ExpenseRole
    line_id: str | None
    product_id: str | None
    quantity: str | float | None
    sku: str | None
    tax_amount: Money | None
    tax_category: TaxCategory | None
    tax_rate_percent: str | float | None
    unit: str | None

class BillPayment(TypedDict):
    """A payment of a bill"""
    amount: Money
    date: str
    method: PaymentMethod
    payment_id: str
    reference: str
    reversed: bool

BillStatus = Literal['entered', 'approved', 'voided']
"""The state of the document"""

Biller = Literal['platform', 'provider']
"""Who bills the subscription"""

class _BillingProfile(TypedDict):
    name: str

class BillingProfile(_BillingProfile, total=False):
    """What is known of a customer"""
    address: Address3 | None
    country: str | None
    email: str | None
    tax_exempt: bool
    tax_id: str | None

class _BulkCommand(TypedDict):
    aggregate: str
    command: str
    context: str

class BulkCommand(_BulkCommand, total=False):
    """One line of a bulk request"""
    body: Dict[str, Any] | None
    expected_version: int | None
    id: str | None
    idempotency_key: str | None

class _BulkResult(TypedDict):
    line: int
    status: int

class BulkResult(_BulkResult, total=False):
    """One line of a bulk answer"""
    problem: Problem
    receipt: Receipt

class _CancellationScheduled(TypedDict):
    at: str

class CancellationScheduled(_CancellationScheduled, total=False):
    """The subscription will end"""
    reason: str | None

CaptureMode = Literal['automatic', 'manual']
"""Whether an authorised amount is captured at once"""

CatchUp = Literal['fire_all', 'latest_only', 'skip']
"""What happens to occurrences that could not be fired in time"""

Cause = Literal['requested', 'gone']
"""Why an endpoint is not delivered to"""

class _Charge(TypedDict):
    aggregation: Aggregation
    metric: str
    name: str
    price: Price

class Charge(_Charge, total=False):
    """A charge for the use of a metric"""
    free_units: str

ChargebackOutcome = Literal['won', 'lost']
"""How a dispute ended"""

class _Chart(TypedDict):
    kind: ChartKind

class Chart(_Chart, total=False):
    """A hint to whoever draws the answer; columns are named as in the answer"""
    series: str | None
    stacked: bool
    x: str | None
    y: List[str]

ChartKind = Literal['table', 'number', 'line', 'area', 'bar', 'pie', 'funnel']
"""How an answer is best drawn"""

class _CheckoutReady(TypedDict):
    external_id: str
    url: str

class CheckoutReady(_CheckoutReady, total=False):
    """The page is there"""
    expires_at: str | None

CheckoutStatus = Literal['absent', 'opened', 'ready', 'completed', 'failed']
"""Where a checkout stands"""

class _CompanyProfile(TypedDict):
    name: str

class CompanyProfile(_CompanyProfile, total=False):
    """The facts known of a company"""
    address: Address | None
    annual_revenue: Money | None
    custom: Dict[str, Any]
    domain: str | None
    employees: int | None
    industry: str | None
    note: str | None
    owner: str | None
    phone: str | None
    tags: List[str]
    website: str | None

class _CompanyRow(TypedDict):
    created_at: str
    custom: Dict[str, Any]
    id: str
    merged_ids: List[str]
    name: str
    sort_name: str
    tags: List[str]
    updated_at: str
    version: int

class CompanyRow(_CompanyRow, total=False):
    """A company"""
    address: Address | None
    annual_revenue_currency: str | None
    annual_revenue_minor: int | None
    city: str | None
    country: str | None
    domain: str | None
    employees: int | None
    industry: str | None
    note: str | None
    owner: str | None
    parent_id: str | None
    phone: str | None
    website: str | None

class Compared(TypedDict):
    """How many things of a kind there are"""
    object: str
    ours: int
    theirs: int

class _ContactRow(TypedDict):
    created_at: str
    custom: Dict[str, Any]
    display_name: str
    id: str
    merged_ids: List[str]
    sort_name: str
    tags: List[str]
    updated_at: str
    version: int

class ContactRow(_ContactRow, total=False):
    """A contact"""
    address: Address | None
    city: str | None
    company_id: str | None
    company_name: str | None
    country: str | None
    email: str | None
    family_name: str | None
    given_name: str | None
    job_title: str | None
    note: str | None
    owner: str | None
    phone: str | None
    source: str | None

Control = Literal['receivable', 'payable', 'inventory']
"""What a control account sums up: the balances of a subledger"""

class _CreditLine(TypedDict):
    description: str
    gross: Money
    line_id: str
    net: Money
    role: str
    tax: Money
    tax_category: TaxCategory
    tax_rate_percent: str | float

class CreditLine(_CreditLine, total=False):
    """A line of a credit note"""
    account: str | None

class CreditNoteEntry(TypedDict):
    """A credit note of an invoice"""
    applied_minor: int
    date: str
    number: str
    reason: str
    total_minor: int

Currency = Literal['AED', 'AFN', 'ALL', 'AMD', 'ANG', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BGN', 'BHD', 'BIF', 'BMD', 'BND', 'BOB', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHF', 'CLP', 'CNY', 'COP', 'CRC', 'CUP', 'CVE', 'CZK', 'DJF', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GNF', 'GTQ', 'GYD', 'HKD', 'HNL', 'HTG', 'HUF', 'IDR', 'ILS', 'INR', 'IQD', 'IRR', 'ISK', 'JMD', 'JOD', 'JPY', 'KES', 'KGS', 'KHR', 'KMF', 'KPW', 'KRW', 'KWD', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'LYD', 'MAD', 'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'OMR', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'PYG', 'QAR', 'RON', 'RSD', 'RUB', 'RWF', 'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SOS', 'SRD', 'SSP', 'STN', 'SVC', 'SYP', 'SZL', 'THB', 'TJS', 'TMT', 'TND', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'UGX', 'USD', 'UYU', 'UZS', 'VES', 'VND', 'VUV', 'WST', 'XAF', 'XCD', 'XCG', 'XOF', 'XPF', 'YER', 'ZAR', 'ZMW', 'ZWG']
"""ISO 4217 code"""

CustomEntity = Literal['contact', 'company', 'deal', 'lead']
"""The kinds of records that have custom fields"""

class CustomerPaymentReceived(TypedDict):
    """A payment came in"""
    allocations: List[Allocation]
    amount: Money
    customer_id: str
    customer_name: str
    date: str
    method: PaymentMethod
    reference: str
    unallocated: Money

class _DealFacts(TypedDict):
    name: str

class DealFacts(_DealFacts, total=False):
    """The facts known of a deal, apart from its stage and amount"""
    company_id: str | None
    contact_id: str | None
    custom: Dict[str, Any]
    expected_close: str | None
    note: str | None
    owner: str | None
    source: str | None
    tags: List[str]

class DealOfLead(TypedDict, total=False):
    """The deal that a conversion opens"""
    amount: Money | None
    deal_id: str | None
    expected_close: str | None
    name: str | None
    pipeline_id: str | None
    stage: str | None

class _DealRow(TypedDict):
    custom: Dict[str, Any]
    id: str
    name: str
    opened_at: str
    pipeline_id: str
    probability_percent: int
    stage_entered_at: str
    stage_id: str
    stage_name: str
    status: DealState
    tags: List[str]
    updated_at: str
    version: int

class DealRow(_DealRow, total=False):
    """A deal"""
    amount_minor: int | None
    closed_at: str | None
    closed_on: str | None
    company_id: str | None
    competitor: str | None
    contact_id: str | None
    currency: str | None
    expected_close: str | None
    loss_note: str | None
    lost_reason: str | None
    note: str | None
    owner: str | None
    source: str | None
    weighted_minor: int | None

DealState = Literal['open', 'won', 'lost']
"""Where a deal stands"""

class DealStatusOpen(TypedDict):
    state: Literal['open']

class DealStatusWon(TypedDict):
    closed_on: str
    state: Literal['won']

class DealStatusLost(TypedDict):
    closed_on: str
    loss: Loss
    state: Literal['lost']

DealStatus = Union["DealStatusOpen", "DealStatusWon", "DealStatusLost"]
"""Where a deal stands"""

class _DealTotals(TypedDict):
    lost_count: int
    lost_minor: int
    open_count: int
    open_minor: int
    weighted_minor: int
    won_count: int
    won_minor: int

class DealTotals(_DealTotals, total=False):
    """What deals in one currency amount to"""
    currency: str | None

class _Definition(TypedDict):
    name: str
    question: Question

class Definition(_Definition, total=False):
    """What a query is, all of it"""
    chart: Chart | None
    description: str | None
    parameters: List[QueryParameter]

Direction = Literal['received', 'made']
"""Which way money went"""

class Discount1(TypedDict):
    percent: str | float

class Discount2(TypedDict):
    amount: Money

Discount = Union["Discount1", "Discount2"]
"""What is taken off the price of a line"""

class _Dispute(TypedDict):
    amount_minor: int

class Dispute(_Dispute, total=False):
    """A dispute"""
    outcome: ChargebackOutcome | None

class _Drift(TypedDict):
    kind: DriftKind
    object: str

class Drift(_Drift, total=False):
    """A difference"""
    external_id: str | None
    id: str | None
    note: str | None
    ours: str | None
    repaired: bool
    theirs: str | None

DriftKind = Literal['missing_here', 'missing_there', 'state', 'amount', 'deleted']
"""What kind of difference it is"""

class DunningRules(TypedDict):
    """What a policy says"""
    entitlement_ends_at_step: int
    final_action: FinalAction
    final_days: int
    retry_days: List[int]

class _DuplicateCompany(TypedDict):
    created_at: str
    id: str
    name: str
    updated_at: str

class DuplicateCompany(_DuplicateCompany, total=False):
    """A company of a group"""
    city: str | None
    domain: str | None
    owner: str | None

class _DuplicateContact(TypedDict):
    created_at: str
    display_name: str
    id: str
    updated_at: str

class DuplicateContact(_DuplicateContact, total=False):
    """A contact of a group"""
    company_id: str | None
    company_name: str | None
    email: str | None
    owner: str | None
    phone: str | None

Effective = Literal['now', 'period_end']
"""When a change takes effect"""

class _EndpointChanged(TypedDict):
    filter: EventFilter
    roles: List[str]
    url: str

class EndpointChanged(_EndpointChanged, total=False):
    """An endpoint has another address or is told of other events"""
    description: str | None

EndpointStatus = Literal['enabled', 'disabled', 'removed']
"""Where an endpoint stands"""

EntryKind = Literal['payment', 'credit_note', 'refund']
"""What a bill was settled by"""

class EventFilter(TypedDict, total=False):
    """Which events somebody follows"""
    contexts: List[str]
    subjects: List[str]
    types: List[str]

class _Evidence(TypedDict):
    name: str
    sha256: str

class Evidence(_Evidence, total=False):
    """A document, known by its digest"""
    size_bytes: int | None
    url: str | None

ExpenseRole = Literal['expense', 'goods_received_not_invoiced', 'fees']
"""What a line of a bill is for; the accounting has an account for each"""

ExportStatus = Literal['requested', 'completed', 'failed', 'cancelled', 'expired']
"""Where an export stands"""

class ExportSummary(TypedDict):
    """How much an export is, and how to know it again"""
    bytes: int
    files: int
    manifest_sha256: Sha256Hex
    one_state: bool
    positions: List[str]
    rows: int

FeatureValue = Union[bool, int, str]
"""What a subscription entitles to in one feature: a switch, a number (a limit, a quota) or a word (a level)"""

FieldType = Literal['text', 'number', 'boolean', 'date', 'select', 'url']
"""What values a field takes"""

FileFormat = Literal['parquet', 'csv', 'ndjson', 'arrow']
"""The format of files"""

FinalAction = Literal['end', 'suspend']
"""What happens to the subscription when the last attempt has failed too"""

class Goods(TypedDict):
    """What stock is of: a product in a warehouse"""
    product_id: str
    sku: str
    warehouse_id: str

class _Header(TypedDict):
    currency: Currency
    customer_id: str
    customer_name: str
    series: str
    tax_mode: TaxMode

class Header(_Header, total=False):
    """What a draft says, apart from its lines"""
    customer_address: Address2 | None
    customer_email: str | None
    customer_tax_id: str | None
    date: str | None
    due_date: str | None
    note: str | None
    number: str | None
    payment_terms_days: int | None
    purchase_order: str | None
    reference: str | None
    source: Source | None

class _HistoryEvent(TypedDict):
    actor: str
    command_id: str
    correlation_id: str
    id: str
    payload: Any
    position: str
    recorded_at: str
    type: str
    version: int

class HistoryEvent(_HistoryEvent, total=False):
    causation_id: str

class _Hold(TypedDict):
    joint: bool
    quantity: int

class Hold(_Hold, total=False):
    """What pieces are kept for"""
    expires_at: str | None
    reference: str | None

class _HoldReserved(TypedDict):
    account: str
    amount: Money
    expires_at: str
    limited: bool
    side: Side

class HoldReserved(_HoldReserved, total=False):
    """An amount was reserved"""
    description: str | None
    party: str | None
    reference: str | None

HoldStatus = Literal['reserved', 'allocated', 'shipped', 'released', 'expired']
"""Where a reservation stands"""

HoldStatus2 = Literal['pending', 'posted', 'voided', 'expired']
"""Where a hold stands"""

IfClosed = Literal['refuse', 'next_open_day']
"""What becomes of an entry whose day is closed"""

class _Interval(TypedDict):
    unit: Unit

class Interval(_Interval, total=False):
    """How long a service period is"""
    count: int

class _InvoiceLine(TypedDict):
    description: str
    gross: Money
    line_id: str
    net: Money
    quantity: str | float
    revenue_role: RevenueRole
    tax: Money
    tax_category: TaxCategory
    tax_rate_percent: str | float
    unit_price: UnitPrice

class InvoiceLine(_InvoiceLine, total=False):
    """A line of an invoice, with its amounts"""
    account: str | None
    discount: Discount | None
    product_id: str | None
    sku: str | None
    stated_tax: Money | None
    unit: str | None

class _InvoiceLineInput(TypedDict):
    description: str
    unit_price: UnitPrice

class InvoiceLineInput(_InvoiceLineInput, total=False):
    """A line of an invoice, as commands give it"""
    account: str | None
    discount: Discount | None
    line_id: str | None
    product_id: str | None
    quantity: str | float | None
    revenue_role: RevenueRole
    sku: str | None
    tax_amount: Money | None
    tax_category: TaxCategory | None
    tax_rate_percent: str | float | None
    unit: str | None

InvoiceStatus = Literal['draft', 'discarded', 'finalized', 'credited', 'voided', 'written_off']
"""The state of the document"""

class _Issued(TypedDict):
    date: str
    due_date: str
    number: str
    reminder_days: List[int]

class Issued(_Issued, total=False):
    """What an invoice has got by becoming final"""
    issuer: IssuerFacts | None

class _IssuerFacts(TypedDict):
    name: str

class IssuerFacts(_IssuerFacts, total=False):
    """The issuer as it stands on invoices"""
    address: Address2 | None
    bank_account: BankAccount | None
    email: str | None
    footer: str | None
    payment_note: str | None
    phone: str | None
    registration_number: str | None
    tax_id: str | None
    website: str | None

class _JournalEntryPosted(TypedDict):
    date: str
    lines: List[Line]

class JournalEntryPosted(_JournalEntryPosted, total=False):
    """An entry was posted"""
    description: str | None
    document_date: str | None
    hold_id: str | None
    party: str | None
    reference: str | None
    reverses: str | None
    source: str | None

class _JournalLine(TypedDict):
    account: str

class JournalLine(_JournalLine, total=False):
    """A line as journals of other products list it: a debit, a credit, or an amount that is negative for a credit"""
    amount: Money | None
    credit: Money | None
    debit: Money | None
    memo: str | None
    party: str | None

Kind = Literal['receipt', 'opening', 'shipment', 'return', 'adjustment', 'count', 'transfer', 'revaluation']
"""What kind of movement it is"""

class Layer(TypedDict):
    """Pieces that came in together"""
    cost_minor: int
    id: str
    quantity: int
    received: int
    received_on: str
    value_minor: int

class _LeadConverted(TypedDict):
    company_created: bool
    contact_created: bool
    contact_id: str

class LeadConverted(_LeadConverted, total=False):
    """The lead became a contact, and perhaps a company and a deal"""
    company_id: str | None
    deal_id: str | None

class LeadDisqualified(TypedDict):
    """The lead will not become a customer"""
    reason: str

class _LeadOfContact(TypedDict):
    created_at: str
    display_name: str
    id: str
    score: int

class LeadOfContact(_LeadOfContact, total=False):
    """A lead that became the contact"""
    source: str | None

class LeadProfile(TypedDict, total=False):
    """The facts known of a lead"""
    address: Address | None
    company_name: str | None
    custom: Dict[str, Any]
    email: str | None
    family_name: str | None
    given_name: str | None
    job_title: str | None
    note: str | None
    phone: str | None
    source: str | None
    tags: List[str]
    website: str | None

class LeadQualified(TypedDict, total=False):
    """The lead is worth a sales effort"""
    estimated_value: Money | None
    note: str | None

class _LeadRecycled(TypedDict):
    reason: str

class LeadRecycled(_LeadRecycled, total=False):
    """The lead is not ready; it waits to be assigned again"""
    until: str | None

LeadStage = Literal['new', 'working', 'qualified', 'converted', 'recycled', 'disqualified']
"""Where a lead stands"""

class LeadStatusNew(TypedDict):
    state: Literal['new']

class LeadStatusWorking(TypedDict):
    state: Literal['working']

class _LeadStatusQualified(TypedDict):
    state: Literal['qualified']

class LeadStatusQualified(_LeadStatusQualified, total=False):
    estimated_value: Money | None
    note: str | None

class _LeadStatusConverted(TypedDict):
    company_created: bool
    contact_created: bool
    contact_id: str
    state: Literal['converted']

class LeadStatusConverted(_LeadStatusConverted, total=False):
    company_id: str | None
    deal_id: str | None

class _LeadStatusRecycled(TypedDict):
    reason: str
    state: Literal['recycled']

class LeadStatusRecycled(_LeadStatusRecycled, total=False):
    until: str | None

class LeadStatusDisqualified(TypedDict):
    reason: str
    state: Literal['disqualified']

class LeadStatusErased(TypedDict):
    state: Literal['erased']

LeadStatus = Union["LeadStatusNew", "LeadStatusWorking", "LeadStatusQualified", "LeadStatusConverted", "LeadStatusRecycled", "LeadStatusDisqualified", "LeadStatusErased"]
"""Where a lead stands"""

class LeavingLine(TypedDict):
    """Pieces of one item that leave"""
    item_id: str
    quantity: int

class _Line(TypedDict):
    account: str
    amount: Money
    side: Side

class Line(_Line, total=False):
    """A line of an entry"""
    control: Control | None
    memo: str | None
    party: str | None
    reference: str | None
    role: Role | None

class _Line2(TypedDict):
    amount: Money
    description: str
    kind: LineKind
    quantity: str
    service: Period

class Line2(_Line2, total=False):
    """A line of a bill"""
    metric: str | None
    tax_rate_percent: str | None

class _LineCredit(TypedDict):
    line_id: str

class LineCredit(_LineCredit, total=False):
    """What is to be credited of one line"""
    amount: Money | None

LineKind = Literal['flat', 'usage', 'proration', 'credit']
"""What a line of a bill is for"""

class LineRow(TypedDict):
    """What is kept of one item"""
    item_id: str
    product_id: str
    quantity: int
    shipped: int
    sku: str
    warehouse_id: str

class _Loss(TypedDict):
    reason: str

class Loss(_Loss, total=False):
    """Why a deal was lost"""
    competitor: str | None
    note: str | None

class _MetricTotals(TypedDict):
    count: int
    keys: List[str]
    sum: str

class MetricTotals(_MetricTotals, total=False):
    """The records of one metric in one period"""
    latest: List[Any] | None
    max: str | None

class Money(TypedDict):
    """An amount of one currency"""
    amount_minor: int
    currency: Currency

MovementKind = Literal['receipt', 'shipment', 'return', 'adjustment', 'count', 'transfer_out', 'transfer_in', 'revaluation']
"""What kind of movement it is"""

MovementKind2 = Literal['invoice', 'bill', 'payment', 'payment_reversed', 'credit_applied', 'credit_note', 'void', 'write_off', 'refund']
"""What moved it"""

MovementKind3 = Literal['new', 'expansion', 'contraction', 'churn']
"""What kind of change it is"""

class Named(TypedDict):
    """A record named in passing"""
    id: str
    name: str

class NumberFormat(TypedDict):
    """How the numbers of a series look"""
    padding: int
    prefix: str
    yearly: bool

class OpenLine(TypedDict):
    """A line that is open"""
    line: ReservedLine
    shipped: int

Outcome = Literal['advanced', 'returned', 'moved', 'won', 'lost', 'reopened']
"""How a stay ended"""

Outcome2 = Literal['fired', 'skipped']
"""What became of an occurrence"""

class _Override(TypedDict):
    value: FeatureValue

class Override(_Override, total=False):
    """A feature that is granted differently from the plan"""
    until: str | None

ParameterKind = Literal['text', 'integer', 'number', 'boolean', 'timestamp', 'date']
"""The type of a parameter"""

class Part(TypedDict):
    """The part of a payment that is for one invoice or bill"""
    amount_minor: int
    document_id: str
    number: str

_NamedPastTerms = TypedDict("_NamedPastTerms", {"from": "str", "plan_id": "str"})

class _PastTerms(_NamedPastTerms):
    pass

class PastTerms(_PastTerms, total=False):
    """What was sold from a time on"""
    quantity: int

class _Payment(TypedDict):
    amount: Money
    date: str
    method: PaymentMethod
    payment_id: str
    reference: str
    reversed: bool
    settlement: Settlement

class Payment(_Payment, total=False):
    """A payment of an invoice"""
    customer_payment_id: str | None

class _PaymentEntry(TypedDict):
    amount_minor: int
    applied_minor: int
    date: str
    reference: str

class PaymentEntry(_PaymentEntry, total=False):
    """A payment of an invoice, or credit of the customer that settled it"""
    method: PaymentMethod | None
    payment_id: str | None
    reversed_on: str | None

PaymentKind = Literal['payment', 'refund']
"""Why money went"""

PaymentMethod = Literal['bank_transfer', 'direct_debit', 'card', 'cheque', 'cash', 'other']
"""How money changed hands"""

class _PaymentRequested(TypedDict):
    amount: Money
    capture: CaptureMode
    customer_id: str
    customer_name: str
    due_at: str
    due_on: str

class PaymentRequested(_PaymentRequested, total=False):
    """A payment was asked for"""
    external_customer: str | None
    invoice_id: str | None
    reference: str | None
    subscription_id: str | None

PaymentState = Literal['unpaid', 'partially_paid', 'paid', 'overpaid']
"""How far a document is paid, whatever else became of it"""

PaymentState2 = Literal['open', 'action_required', 'authorized', 'captured', 'partially_refunded', 'refunded', 'disputed', 'charged_back', 'given_up', 'voided']
"""Where a payment stands, with what has gone back"""

PaymentStatus = Literal['absent', 'open', 'action_required', 'authorized', 'captured', 'given_up', 'voided']
"""Where a payment stands"""

class Period(TypedDict):
    """A span of time, from its start up to and without its end"""
    end: str
    start: str

class PeriodTotals(TypedDict, total=False):
    """The records of one period, by metric"""

class _Plan(TypedDict):
    schedule: Schedule
    zone: str

class Plan(_Plan, total=False):
    """When a timer fires, in full"""
    until: str | None

class PlanVersion(TypedDict):
    """A version of a plan as a subscription keeps it"""
    id: str
    terms: Terms3
    version: int

class Position(TypedDict):
    """The stage that a deal is in"""
    entered_at: str
    last_open: Stage
    stage: Stage

class _PostLine(TypedDict):
    amount: Money
    side: Side

class PostLine(_PostLine, total=False):
    """A line of an entry that is to be posted: `account` or `role`, a side and an amount"""
    account: str | None
    memo: str | None
    party: str | None
    reference: str | None
    role: Role | None

class PriceStandard(TypedDict):
    model: Literal['standard']
    unit_amount: str

class PricePackage(TypedDict):
    model: Literal['package']
    package_amount_minor: int
    package_size: str

class PriceGraduated(TypedDict):
    model: Literal['graduated']
    tiers: List[Tier]

class PriceVolume(TypedDict):
    model: Literal['volume']
    tiers: List[Tier]

Price = Union["PriceStandard", "PricePackage", "PriceGraduated", "PriceVolume"]
"""How a number of units becomes an amount"""

class _PriceLink(TypedDict):
    price_id: str
    provider: str

class PriceLink(_PriceLink, total=False):
    """Where a plan stands at the payment provider"""
    product_id: str | None

class _Problem(TypedDict):
    code: str
    detail: str
    status: int
    title: str
    trace_id: str
    type: str

class ProblemCandidatesItem(TypedDict):
    field: str
    id: str

class _ProblemFieldsItem(TypedDict):
    name: str

class ProblemFieldsItem(_ProblemFieldsItem, total=False):
    message: str

class Problem(_Problem, total=False):
    """RFC 9457 problem details"""
    candidates: List[ProblemCandidatesItem]
    fields: List[ProblemFieldsItem]

class ProductFacts(TypedDict, total=False):
    """The facts known of a product, apart from its name and price"""
    barcode: str | None
    category: str | None
    cost: Money | None
    description: str | None
    reorder_point: int | None
    reorder_quantity: int | None
    safety_stock: int | None
    supplier: str | None

class Profile(TypedDict, total=False):
    """The facts known of a person"""
    address: Address | None
    company_name: str | None
    custom: Dict[str, Any]
    email: str | None
    family_name: str | None
    given_name: str | None
    job_title: str | None
    note: str | None
    owner: str | None
    phone: str | None
    source: str | None
    tags: List[str]

class ProviderChangeCancelNow(TypedDict):
    change: Literal['cancel_now']
    prorate: bool

class ProviderChangeCancelAtPeriodEnd(TypedDict):
    change: Literal['cancel_at_period_end']

class ProviderChangeResume(TypedDict):
    change: Literal['resume']

class _ProviderChangeChangePlan(TypedDict):
    change: Literal['change_plan']
    plan_id: str
    prorate: bool
    quantity: int

class ProviderChangeChangePlan(_ProviderChangeChangePlan, total=False):
    price_id: str | None

ProviderChange = Union["ProviderChangeCancelNow", "ProviderChangeCancelAtPeriodEnd", "ProviderChangeResume", "ProviderChangeChangePlan"]
"""What the payment provider is asked to do with a subscription that it bills"""

class _ProviderState(TypedDict):
    external_id: str
    period: Period
    started_at: str
    status: ProviderStatus

class ProviderState(_ProviderState, total=False):
    """What the payment provider says of a subscription"""
    cancel_at: str | None
    ended_at: str | None
    trial_end: str | None

ProviderStatus = Literal['incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled']
"""Where a subscription stands that the payment provider bills"""

class _QueryParameter(TypedDict):
    kind: ParameterKind
    name: str

class QueryParameter(_QueryParameter, total=False):
    """What whoever runs a saved query can or must give"""
    default: str | None
    description: str | None
    required: bool

class QueryRun(TypedDict):
    """An occurrence of a saved query's schedule"""
    owner: str
    query_id: str
    revision: int
    scheduled_for: str

class _Question(TypedDict):
    context: str
    source: str

class Question(_Question, total=False):
    """What is asked of which read model or report"""
    terms: Dict[str, str]

class ReceiptEventsItem(TypedDict):
    position: int
    type: str

class _Receipt(TypedDict):
    events: List[ReceiptEventsItem]
    id: str
    position: str
    version: int

class Receipt(_Receipt, total=False):
    """What an accepted command led to"""
    secret: str

class _ReceiveGoods(TypedDict):
    quantity: int

class ReceiveGoods(_ReceiveGoods, total=False):
    """Receives goods from a supplier, named as files and scanners name them"""
    product_id: str | None
    received_on: str | None
    reference: str | None
    sku: str | None
    supplier: str | None
    total_cost: Money | None
    unit_cost: Money | None
    warehouse_id: str | None

RecordKind = Literal['opening', 'receipt', 'shipment', 'return', 'count', 'adjustment']
"""What a movement of a journal was"""

class _Recurrence(TypedDict):
    cron: str

class Recurrence(_Recurrence, total=False):
    """When a query runs by itself, and what becomes of the answer"""
    format: FileFormat
    time_zone: TimeZone

class Refund(TypedDict):
    """Money that had paid an invoice and went back"""
    amount: Money
    settlement: Settlement

class Refund2(TypedDict):
    """A refund"""
    amount_minor: int
    status: RefundStatus

RefundStatus = Literal['requested', 'completed', 'failed']
"""Where a refund stands"""

ReservationStatus = Literal['reserved', 'allocated', 'shipped', 'released', 'expired']
"""Where a reservation stands"""

class ReservedLine(TypedDict):
    """What is kept of one item"""
    item_id: str
    product_id: str
    quantity: int
    sku: str
    warehouse_id: str

Resolution = Literal['posted', 'voided', 'expired']
"""How a hold ended"""

RevenueRole = Literal['sales_revenue', 'service_revenue', 'deferred_revenue']
"""Which revenue a line of an invoice is; the accounting has an account for each"""

Role = Literal['accounts_receivable', 'accounts_payable', 'cash', 'bank', 'sales_revenue', 'service_revenue', 'sales_tax_payable', 'input_tax', 'inventory', 'goods_received_not_invoiced', 'cost_of_goods_sold', 'inventory_adjustment', 'customer_credit', 'bad_debt', 'rounding', 'deferred_revenue', 'retained_earnings', 'opening_balance', 'fees', 'expense']
"""What other contexts post to without knowing the tenant's accounts: the posting profile says which account plays the role"""

SaleKind = Literal['invoice', 'credit_note']
"""What a line belongs to"""

class Schedule1(TypedDict):
    at: str

class Schedule2(TypedDict):
    local: str

class Schedule3(TypedDict):
    cron: str

Schedule = Union["Schedule1", "Schedule2", "Schedule3"]
"""When a timer fires"""

class ScheduledChange(TypedDict):
    """A change that happens with the end of the period"""
    plan: PlanVersion
    quantity: int

class ScoreReason(TypedDict):
    """Why a lead has points"""
    because: str
    points: int
    rule: str

class Settlement(TypedDict):
    """Where an amount that settles a debt goes"""
    applied: Money
    excess: Money
    recovered: Money

Sha256Hex = str
"""A SHA-256 digest in hexadecimal digits"""

Side = Literal['debit', 'credit']
"""A side of an account"""

Side2 = Literal['receivable', 'payable']
"""Whose debt moved"""

class _SigningSecret(TypedDict):
    id: str

class SigningSecret(_SigningSecret, total=False):
    """A secret that signs"""
    until: str | None

class _Source(TypedDict):
    context: str
    id: str

class Source(_Source, total=False):
    """What a document comes from, such as the period of a subscription"""
    reference: str | None

class Stage(TypedDict):
    """A stage of a pipeline"""
    id: str
    name: str
    probability_percent: int

Standing = Literal['absent', 'trialing', 'active', 'ended']
"""Where a subscription stands"""

class StatementAccount(TypedDict):
    """An account in a statement"""
    account: str
    amount_minor: int
    name: str
    section: str

class StatusActive(TypedDict):
    state: Literal['active']

class StatusMerged(TypedDict):
    into: str
    state: Literal['merged']

class StatusErased(TypedDict):
    state: Literal['erased']

Status = Union["StatusActive", "StatusMerged", "StatusErased"]
"""Where a contact or a company stands"""

Status2 = Literal['active', 'paused', 'finished', 'cancelled']
"""Where a timer stands"""

class _Stock(TypedDict):
    layers: List[Layer]
    on_hand: int
    spent: List[Layer]
    valuation: Valuation
    value_minor: int

class Stock(_Stock, total=False):
    """The layers of an item and its value"""
    forgotten: str | None

class _StoredCommand(TypedDict):
    aggregate: str
    command: str
    context: str

class StoredCommand(_StoredCommand, total=False):
    """A command to be sent later"""
    body: Dict[str, Any]
    id: str | None

class Subjects(TypedDict, total=False):
    """The records that an activity is about"""
    company_id: str | None
    contact_id: str | None
    deal_id: str | None
    lead_id: str | None

SubscriptionState = Literal['incomplete', 'trialing', 'active', 'past_due', 'suspended', 'paused', 'ended']
"""Where a subscription stands"""

Subtype = Literal['cash', 'bank', 'receivable', 'inventory', 'tax_receivable', 'current_asset', 'fixed_asset', 'payable', 'tax_payable', 'current_liability', 'long_term_liability', 'capital', 'retained_earnings', 'operating_revenue', 'other_income', 'cost_of_sales', 'operating_expense', 'depreciation', 'other_expense']
"""A finer kind of account"""

SuggestionState = Literal['open', 'accepted', 'dismissed', 'withdrawn']
"""Where a suggestion stands"""

class SuggestionStatusNone(TypedDict):
    state: Literal['none']

class SuggestionStatusOpen(TypedDict):
    state: Literal['open']

class _SuggestionStatusAccepted(TypedDict):
    quantity: int
    state: Literal['accepted']

class SuggestionStatusAccepted(_SuggestionStatusAccepted, total=False):
    reference: str | None

class SuggestionStatusDismissed(TypedDict):
    reason: str
    state: Literal['dismissed']

class SuggestionStatusWithdrawn(TypedDict):
    state: Literal['withdrawn']

SuggestionStatus = Union["SuggestionStatusNone", "SuggestionStatusOpen", "SuggestionStatusAccepted", "SuggestionStatusDismissed", "SuggestionStatusWithdrawn"]
"""Where a suggestion stands"""

class Sums(TypedDict):
    """The sums of a limited account, in minor units"""
    credit_minor: int
    debit_minor: int
    limit_minor: int
    pending_minor: int

TaxCategory = Literal['standard', 'zero', 'exempt', 'reverse_charge', 'export', 'out_of_scope']
"""Why a tax rate applies; the codes of EN 16931 (UNTDID 5305) are given"""

TaxMode = Literal['exclusive', 'inclusive']
"""Whether the prices of a document include its taxes"""

class TaxSum(TypedDict):
    """What the lines of one tax category and rate amount to"""
    net: Money
    tax: Money
    tax_category: TaxCategory
    tax_rate_percent: str | float

Template = Literal['trading_company', 'service_company']
"""A chart to start from"""

class Terms(TypedDict):
    """What stays as it is for the life of a product"""
    currency: Currency
    sku: str
    unit: str
    valuation: Valuation

class _Terms2(TypedDict):
    closed: bool
    currency: Currency
    normal_side: Side
    type: AccountType

class Terms2(_Terms2, total=False):
    """What a posting must know of an account"""
    subtype: Subtype | None

class _Terms3(TypedDict):
    interval: Interval
    name: str
    price: Money

class Terms3(_Terms3, total=False):
    """The terms of a version of a plan"""
    charges: List[Charge]
    description: str | None
    entitlements: Dict[str, Any]
    tax_rate_percent: str | None
    trial_days: int

class _Tier(TypedDict):
    unit_amount: str

class Tier(_Tier, total=False):
    """A step of a graduated or volume price"""
    flat_amount_minor: int
    up_to: str | None

TimeZone = str
"""The name of a time zone in the IANA database"""

class TimerScheduled(TypedDict):
    """A timer was set"""
    catch_up: CatchUp
    command: StoredCommand
    grace_seconds: int
    name: str
    next_at: str
    plan: Plan
    scheduled_by: str

TimerStatus = Literal['active', 'paused', 'finished', 'cancelled']
"""Where a timer stands"""

class Totals(TypedDict):
    """What a document amounts to"""
    gross: Money
    net: Money
    tax: Money
    taxes: List[TaxSum]

Unit = Literal['day', 'week', 'month', 'year']
"""A unit of the calendar"""

class UnitPrice(TypedDict):
    """The price of one"""
    amount_minor: str | float
    currency: Currency

class _UsageRecord(TypedDict):
    metric: str
    transaction_id: str

class UsageRecord(_UsageRecord, total=False):
    """One record of usage, as it is sent"""
    at: str | None
    key: str | None
    value: str | None

Valuation = Literal['fifo', 'moving_average']
"""How the stock of a product is valued"""

class _WantedLine(TypedDict):
    quantity: int

class WantedLine(_WantedLine, total=False):
    """A line of an order"""
    product_id: str | None
    sku: str | None
    warehouse_id: str | None

class _WantedPageSubscription(TypedDict):
    kind: Literal['subscription']
    plan_id: str

class WantedPageSubscription(_WantedPageSubscription, total=False):
    quantity: int

class WantedPagePortal(TypedDict):
    kind: Literal['portal']

WantedPage = Union["WantedPageSubscription", "WantedPagePortal"]
"""What a page is asked for"""

class _AccountingAccountBalanceRow(TypedDict):
    account: str
    balance_minor: int
    credit_minor: int
    currency: str
    debit_minor: int
    name: str
    normal_side: str
    pending_minor: int
    type: str

class AccountingAccountBalanceRow(_AccountingAccountBalanceRow, total=False):
    """What one account holds"""
    limit_minor: int | None

class _AccountingAccountListRow(TypedDict):
    closed: bool
    created_at: str
    currency: Currency
    id: str
    name: str
    normal_side: Side
    pending_minor: int
    type: AccountType
    updated_at: str
    version: int

class AccountingAccountListRow(_AccountingAccountListRow, total=False):
    """An account"""
    control: Control | None
    limit_minor: int | None
    subtype: Subtype | None

class AccountingAccountClose(TypedDict, total=False):
    """Closes an account to further postings"""

class _AccountingAccountOpen(TypedDict):
    name: str
    type: str

class AccountingAccountOpen(_AccountingAccountOpen, total=False):
    """Opens an account"""
    currency: Currency | None
    limit: Money | None
    normal_side: Side | None
    subtype: Subtype | None

class AccountingAccountRename(TypedDict):
    """Gives an account another name"""
    name: str

class AccountingAccountReopen(TypedDict, total=False):
    """Takes a closed account into use again"""

class AccountingAccountSetLimit(TypedDict):
    """Changes how far the balance of a limited account may fall below zero"""
    limit: Money

class _AccountingAccountState(TypedDict):
    listed: bool

class AccountingAccountState(_AccountingAccountState, total=False):
    """An account's state"""
    name: str | None
    sums: Sums | None
    terms: Terms2 | None

class _AccountingAgedPayablesRow(TypedDict):
    account: str
    currency: str
    days_0_30_minor: int
    days_31_60_minor: int
    days_61_90_minor: int
    days_over_90_minor: int
    open_items: int
    total_minor: int
    unassigned_minor: int

class AccountingAgedPayablesRow(_AccountingAgedPayablesRow, total=False):
    """What one customer owes or one supplier is owed"""
    oldest_on: str | None
    party: str | None

class _AccountingAgedReceivablesRow(TypedDict):
    account: str
    currency: str
    days_0_30_minor: int
    days_31_60_minor: int
    days_61_90_minor: int
    days_over_90_minor: int
    open_items: int
    total_minor: int
    unassigned_minor: int

class AccountingAgedReceivablesRow(_AccountingAgedReceivablesRow, total=False):
    """What one customer owes or one supplier is owed"""
    oldest_on: str | None
    party: str | None

class AccountingBalanceSheetRow(TypedDict):
    """What the company owns and owes in one currency"""
    accounts: List[StatementAccount]
    as_of: str
    assets_minor: int
    currency: str
    current_year_result_minor: int
    earlier_results_minor: int
    equity_minor: int
    liabilities_and_equity_minor: int
    liabilities_minor: int
    year_start: str

class AccountingChartApplyTemplate(TypedDict):
    """Opens the accounts of a template, lists them in the chart, and gives them their roles"""
    currency: Currency
    template: Template

class _AccountingChartState(TypedDict):
    accounts: Dict[str, Terms2]
    applied: List[Applied]
    roles: Dict[str, Dict[str, str]]

class AccountingChartState(_AccountingChartState, total=False):
    """The chart's state"""
    closed_through: str | None
    currency: Currency | None

class _AccountingConsistencyRow(TypedDict):
    actual_minor: int
    check: str
    count: int
    currency: str
    difference_minor: int
    expected_minor: int
    status: str

class AccountingConsistencyRow(_AccountingConsistencyRow, total=False):
    """Two figures that must agree"""
    account: str | None
    since: str | None

class _AccountingGeneralLedgerRow(TypedDict):
    balance_minor: int
    kind: str

class AccountingGeneralLedgerRow(_AccountingGeneralLedgerRow, total=False):
    """A row of the general ledger: what was there before, a line, or what is there at the end"""
    credit_minor: int | None
    date: str | None
    debit_minor: int | None
    description: str | None
    entry_id: str | None
    id: str | None
    line_count: int | None
    memo: str | None
    next: str | None
    party: str | None
    reference: str | None

class _AccountingHoldListRow(TypedDict):
    account: str
    amount_minor: int
    created_at: str
    currency: Currency
    expires_at: str
    id: str
    side: Side
    status: HoldStatus2
    updated_at: str
    version: int

class AccountingHoldListRow(_AccountingHoldListRow, total=False):
    """A hold"""
    description: str | None
    due_at: str | None
    entry_id: str | None
    party: str | None
    posted_minor: int | None
    reference: str | None

class AccountingHoldExpire(TypedDict, total=False):
    """Releases what was reserved if its time is up"""

class AccountingHoldPost(TypedDict, total=False):
    """Posts all or a part of what was reserved to another account, and releases the rest"""
    account: str | None
    amount: Money | None
    date: str | None
    description: str | None
    reference: str | None
    role: Role | None

class _AccountingHoldReserve(TypedDict):
    amount: Money
    timeout_seconds: int

class AccountingHoldReserve(_AccountingHoldReserve, total=False):
    """Reserves an amount of an account for a while"""
    account: str | None
    description: str | None
    party: str | None
    reference: str | None
    role: Role | None

class AccountingHoldState(TypedDict, total=False):
    """A hold's state"""
    reserved: HoldReserved | None
    resolution: Resolution | None

class AccountingHoldVoid(TypedDict, total=False):
    """Releases what was reserved"""
    reason: str | None

class _AccountingJournalEntryListRow(TypedDict):
    date: str
    evidence: List[Evidence]
    id: str
    lines: List[Line]
    position: int
    posted_by: str
    recorded_at: str
    version: int

class AccountingJournalEntryListRow(_AccountingJournalEntryListRow, total=False):
    """An entry"""
    currency: str | None
    description: str | None
    document_date: str | None
    hold_id: str | None
    party: str | None
    reference: str | None
    reversed_by: str | None
    reversed_on: str | None
    reverses: str | None
    source: str | None
    total_minor: int | None

class _AccountingJournalEntryAttachEvidence(TypedDict):
    name: str
    sha256: str

class AccountingJournalEntryAttachEvidence(_AccountingJournalEntryAttachEvidence, total=False):
    """Attaches a document to an entry"""
    size_bytes: int | None
    url: str | None

class _AccountingJournalEntryPost(TypedDict):
    date: str
    lines: List[PostLine]

class AccountingJournalEntryPost(_AccountingJournalEntryPost, total=False):
    """Posts an entry"""
    description: str | None
    if_closed: IfClosed
    party: str | None
    reference: str | None
    source: str | None

class _AccountingJournalEntryPostJournal(TypedDict):
    date: str
    lines: List[JournalLine]

class AccountingJournalEntryPostJournal(_AccountingJournalEntryPostJournal, total=False):
    """Posts an entry whose lines are written as journals of other products write them"""
    description: str | None
    reference: str | None

class _AccountingJournalEntryPostOpeningBalance(TypedDict):
    account: str
    date: str

class AccountingJournalEntryPostOpeningBalance(_AccountingJournalEntryPostOpeningBalance, total=False):
    """Posts what an account holds when the books begin; the other side is the account that plays the role `opening_balance`"""
    balance: Money | None
    credit: Money | None
    debit: Money | None
    description: str | None
    party: str | None
    reference: str | None

class _AccountingJournalEntryPostPair(TypedDict):
    account: str
    amount: Money
    contra_account: str
    date: str

class AccountingJournalEntryPostPair(_AccountingJournalEntryPostPair, total=False):
    """Posts an entry of one amount from one account to another"""
    description: str | None
    party: str | None
    reference: str | None
    side: str | None

class AccountingJournalEntryReverse(TypedDict, total=False):
    """Undoes an entry by a new one with the sides exchanged"""
    date: str | None
    description: str | None

class _AccountingJournalEntryState(TypedDict):
    evidence: List[Evidence]

class AccountingJournalEntryState(_AccountingJournalEntryState, total=False):
    """An entry's state"""
    posted: JournalEntryPosted | None
    reversed_by: str | None

class _AccountingLedgerLineListRow(TypedDict):
    account: str
    credit_minor: int
    currency: str
    date: str
    debit_minor: int
    entry_id: str
    id: str
    position: int
    recorded_at: str

class AccountingLedgerLineListRow(_AccountingLedgerLineListRow, total=False):
    """A line"""
    control: Control | None
    item: str | None
    memo: str | None
    party: str | None
    reference: str | None

class _AccountingOpenItemsRow(TypedDict):
    account: str
    amount_minor: int
    currency: str
    days: int
    item: str
    open_minor: int
    opened_on: str

class AccountingOpenItemsRow(_AccountingOpenItemsRow, total=False):
    """An invoice or bill that is not paid"""
    party: str | None

class _AccountingPeriodListRow(TypedDict):
    fiscal_year_start_month: int
    id: str
    updated_at: str
    version: int

class AccountingPeriodListRow(_AccountingPeriodListRow, total=False):
    """The calendar"""
    closed_through: str | None
    first_day: str | None
    reopened_reason: str | None

class AccountingPeriodCloseThrough(TypedDict):
    """Closes all days through this one"""
    date: str

class AccountingPeriodOpen(TypedDict, total=False):
    """Opens the calendar"""
    first_day: str | None
    fiscal_year_start_month: int

_NamedAccountingPeriodReopen = TypedDict("_NamedAccountingPeriodReopen", {"from": "str", "reason": "str"})

class AccountingPeriodReopen(_NamedAccountingPeriodReopen):
    """Opens the days from this one on again"""

class _AccountingPeriodState(TypedDict):
    fiscal_year_start_month: int

class AccountingPeriodState(_AccountingPeriodState, total=False):
    """The calendar's state"""
    closed_through: str | None
    first_day: str | None

class AccountingPostingProfileSetRole(TypedDict):
    """Gives a role to an account, for postings in the account's currency"""
    account: str
    role: Role

class AccountingPostingProfileState(TypedDict):
    """The posting profile's state"""
    roles: Dict[str, Dict[str, str]]

class AccountingPostingRoleListRow(TypedDict):
    """A role and the account that plays it"""
    account: str
    currency: Currency
    id: str
    role: Role
    updated_at: str

_NamedAccountingProfitAndLossRow = TypedDict("_NamedAccountingProfitAndLossRow", {"accounts": "List[StatementAccount]", "cost_of_sales_minor": "int", "currency": "str", "from": "str", "gross_profit_minor": "int", "net_income_minor": "int", "operating_expenses_minor": "int", "operating_result_minor": "int", "other_expenses_minor": "int", "other_income_minor": "int", "revenue_minor": "int", "to": "str"})

class AccountingProfitAndLossRow(_NamedAccountingProfitAndLossRow):
    """What was earned and spent in one currency"""

class _AccountingStatementOfAccountRow(TypedDict):
    account: str
    balance_minor: int
    currency: str
    kind: str
    name: str

class AccountingStatementOfAccountRow(_AccountingStatementOfAccountRow, total=False):
    """A row of a statement of account: what was open before, a line, or what is open at the end"""
    credit_minor: int | None
    date: str | None
    debit_minor: int | None
    description: str | None
    entry_id: str | None
    id: str | None
    reference: str | None

class _AccountingStockCheckListRow(TypedDict):
    currency: str
    difference_minor: int
    entries: List[str]
    event_id: str
    id: str

class AccountingStockCheckListRow(_AccountingStockCheckListRow, total=False):
    """A change of the stock's value, beside what was posted because of it"""
    event_type: str | None
    expected_at: str | None
    expected_minor: int | None
    posted_at: str | None
    posted_minor: int | None

class _AccountingSubledgerCheckListRow(TypedDict):
    currency: str
    difference_minor: int
    entries: List[str]
    event_id: str
    id: str
    subledger: str

class AccountingSubledgerCheckListRow(_AccountingSubledgerCheckListRow, total=False):
    """A change of what somebody owes, is owed, or has to his credit, beside what was posted because of it"""
    event_type: str | None
    expected_at: str | None
    expected_minor: int | None
    posted_at: str | None
    posted_minor: int | None

class AccountingTrialBalanceRow(TypedDict):
    """An account of the trial balance"""
    account: str
    credit_balance_minor: int
    credit_minor: int
    currency: str
    debit_balance_minor: int
    debit_minor: int
    name: str
    type: str

class AnalyticsCashRow(TypedDict):
    """What happened on an account within a day, week or month"""
    account: str
    closing_minor: int
    currency: str
    date: str
    drill: Question
    in_minor: int
    name: str
    opening_minor: int
    out_minor: int

class _AnalyticsExportListRow(TypedDict):
    context: str
    format: FileFormat
    id: str
    positions: List[str]
    question: Question
    requested_at: str
    requested_by: str
    source: str
    status: ExportStatus
    version: int

class AnalyticsExportListRow(_AnalyticsExportListRow, total=False):
    """An export"""
    bytes: int | None
    due_at: str | None
    ended_at: str | None
    expires_at: str | None
    failure_code: str | None
    failure_reason: str | None
    files: int | None
    manifest_sha256: str | None
    one_state: bool | None
    query_id: str | None
    rows: int | None
    scheduled_for: str | None

class AnalyticsExportCancel(TypedDict, total=False):
    """Gives up an export that is not complete yet"""

class AnalyticsExportComplete(TypedDict):
    """Says that the files are written"""
    kept_days: int
    summary: ExportSummary

class AnalyticsExportExpire(TypedDict, total=False):
    """Lets the files go once their time is over; earlier, nothing happens"""

class AnalyticsExportFail(TypedDict):
    """Says that the export cannot be made"""
    code: str
    reason: str

class _AnalyticsExportRequest(TypedDict):
    question: Question

class AnalyticsExportRequest(_AnalyticsExportRequest, total=False):
    """Requests an export"""
    format: FileFormat
    run: QueryRun | None

class _AnalyticsExportState(TypedDict):
    requested_by: str
    status: ExportStatus

class AnalyticsExportState(_AnalyticsExportState, total=False):
    """An export's state"""
    expires_at: str | None
    summary: ExportSummary | None

_NamedAnalyticsOverviewRow = TypedDict("_NamedAnalyticsOverviewRow", {"cash_minor": "int", "currency": "str", "drill": "Dict[str, Question]", "from": "str", "invoice_count": "int", "mrr_minor": "int", "overdue_minor": "int", "payables_minor": "int", "pipeline_minor": "int", "previous_cash_minor": "int", "previous_from": "str", "previous_invoice_count": "int", "previous_mrr_minor": "int", "previous_overdue_minor": "int", "previous_payables_minor": "int", "previous_receivables_minor": "int", "previous_revenue_minor": "int", "previous_stock_value_minor": "int", "previous_to": "str", "previous_won_minor": "int", "receivables_minor": "int", "revenue_minor": "int", "stock_value_minor": "int", "to": "str", "weighted_pipeline_minor": "int", "won_minor": "int"})

class AnalyticsOverviewRow(_NamedAnalyticsOverviewRow):
    """The key figures of a period in one currency, all in minor units, each beside that of as many days before"""

class _AnalyticsPayablesRow(TypedDict):
    age: str
    as_of: str
    currency: str
    document_count: int
    drill: Question
    open_minor: int
    party_count: int

class AnalyticsPayablesRow(_AnalyticsPayablesRow, total=False):
    """What is open and has been due for so long, in one currency"""
    from_days: int | None
    share_percent: float | None
    to_days: int | None

class _AnalyticsPipelineRow(TypedDict):
    amount_minor: int
    deal_count: int
    drill: Question
    overdue_count: int
    pipeline_id: str
    probability_percent: int
    stage_id: str
    stage_name: str
    unvalued_count: int
    weighted_minor: int

class AnalyticsPipelineRow(_AnalyticsPipelineRow, total=False):
    """Open deals of a stage that are expected in a month, in one currency"""
    currency: str | None
    date: str | None
    pipeline_name: str | None
    position: int | None

class _AnalyticsProjectionLagRow(TypedDict):
    context: str
    head: int
    lag_events: int
    parked_events: int
    partition: int
    position: int
    projection: str
    rebuilding: bool
    version: int

class AnalyticsProjectionLagRow(_AnalyticsProjectionLagRow, total=False):
    """How far a projection is behind the log of a context"""
    applied_at: str | None
    lag_seconds: float | None

class _AnalyticsQueryListRow(TypedDict):
    context: str
    created_at: str
    id: str
    name: str
    owner: str
    parameters: List[QueryParameter]
    question: Question
    revision: int
    shared_with: List[str]
    sort_name: str
    source: str
    updated_at: str
    version: int

class AnalyticsQueryListRow(_AnalyticsQueryListRow, total=False):
    """A saved query"""
    chart: Chart | None
    cron: str | None
    description: str | None
    due_at: str | None
    last_export_id: str | None
    last_run_at: str | None
    schedule_format: FileFormat | None
    time_zone: str | None

class AnalyticsQueryDelete(TypedDict, total=False):
    """Deletes a query; its name is free again"""

class AnalyticsQueryHandOver(TypedDict):
    """Makes a query somebody else's"""
    owner: str

class _AnalyticsQueryRevise(TypedDict):
    name: str
    question: Question

class AnalyticsQueryRevise(_AnalyticsQueryRevise, total=False):
    """Gives a query another definition, all of it"""
    chart: Chart | None
    description: str | None
    parameters: List[QueryParameter]

class AnalyticsQueryRunDue(TypedDict, total=False):
    """Runs a query whose time has come"""

class _AnalyticsQuerySave(TypedDict):
    name: str
    question: Question

class AnalyticsQuerySave(_AnalyticsQuerySave, total=False):
    """Saves a query"""
    chart: Chart | None
    description: str | None
    parameters: List[QueryParameter]

class _AnalyticsQuerySchedule(TypedDict):
    cron: str

class AnalyticsQuerySchedule(_AnalyticsQuerySchedule, total=False):
    """Says when a query runs by itself"""
    format: FileFormat
    time_zone: TimeZone

class AnalyticsQueryShare(TypedDict):
    """Lets roles run a query; those that are not named no longer may"""
    roles: List[str]

class _AnalyticsQueryState(TypedDict):
    deleted: bool
    owner: str
    revision: int
    roles: List[str]

class AnalyticsQueryState(_AnalyticsQueryState, total=False):
    """A saved query's state"""
    definition: Definition | None
    next_at: str | None
    recurrence: Recurrence | None

class AnalyticsQueryUnschedule(TypedDict, total=False):
    """Keeps a query from running by itself"""

class _AnalyticsReceivablesRow(TypedDict):
    age: str
    as_of: str
    currency: str
    document_count: int
    drill: Question
    open_minor: int
    party_count: int

class AnalyticsReceivablesRow(_AnalyticsReceivablesRow, total=False):
    """What is open and has been due for so long, in one currency"""
    from_days: int | None
    share_percent: float | None
    to_days: int | None

class AnalyticsRecurringRevenueRow(TypedDict):
    """Recurring revenue of a day, week or month in one currency, in minor units a month"""
    annual_minor: int
    churn_count: int
    churn_minor: int
    closing_minor: int
    contraction_minor: int
    currency: str
    date: str
    drill: Question
    expansion_minor: int
    new_count: int
    new_minor: int
    opening_minor: int

class AnalyticsRevenueRow(TypedDict):
    """What was invoiced and credited within a day, week or month, in one currency"""
    credit_note_count: int
    credited_minor: int
    credited_net_minor: int
    currency: str
    date: str
    drill: Question
    invoice_count: int
    net_minor: int
    revenue_minor: int
    tax_minor: int
    total_minor: int

class _AnalyticsSaleListRow(TypedDict):
    currency: str
    customer_id: str
    date: str
    document_id: str
    id: str
    invoice_id: str
    kind: SaleKind
    line_id: str
    net_minor: int
    number: str
    product: str
    quantity: float
    recorded_at: str
    tax_minor: int

class AnalyticsSaleListRow(_AnalyticsSaleListRow, total=False):
    """A line of an invoice or credit note"""
    product_id: str | None
    sku: str | None

class _AnalyticsStockCoverRow(TypedDict):
    available: int
    currency: str
    drill: Question
    item_id: str
    low: bool
    on_hand: int
    product_id: str
    product_name: str
    shipped: int
    shipped_per_day: float
    sku: str
    value_minor: int
    warehouse_id: str
    warehouse_name: str

class AnalyticsStockCoverRow(_AnalyticsStockCoverRow, total=False):
    """How long a product lasts in a warehouse, and what it is worth there"""
    date: str | None
    days_of_cover: float | None

_NamedAnalyticsTopCustomersRow = TypedDict("_NamedAnalyticsTopCustomersRow", {"currency": "str", "customer_id": "str", "drill": "Question", "from": "str", "invoice_count": "int", "previous_revenue_minor": "int", "rank": "int", "revenue_minor": "int", "to": "str"})

class _AnalyticsTopCustomersRow(_NamedAnalyticsTopCustomersRow):
    pass

class AnalyticsTopCustomersRow(_AnalyticsTopCustomersRow, total=False):
    """What a customer brought in a period, in one currency"""
    customer_name: str | None
    share_percent: float | None

_NamedAnalyticsTopProductsRow = TypedDict("_NamedAnalyticsTopProductsRow", {"currency": "str", "drill": "Question", "from": "str", "previous_revenue_minor": "int", "product": "str", "quantity": "float", "rank": "int", "revenue_minor": "int", "to": "str"})

class _AnalyticsTopProductsRow(_NamedAnalyticsTopProductsRow):
    pass

class AnalyticsTopProductsRow(_AnalyticsTopProductsRow, total=False):
    """What a product brought in a period, in one currency"""
    cost_drill: Question | None
    cost_minor: int | None
    margin_minor: int | None
    margin_percent: float | None
    product_id: str | None
    product_name: str | None
    share_percent: float | None
    sku: str | None

class BillingArrRow(TypedDict):
    """Recurring revenue of a plan in one currency, in minor units"""
    arr_minor: int
    currency: str
    customers: int
    mrr_minor: int
    plan_id: str
    plan_name: str
    quantity: int
    subscriptions: int

class _BillingBillListRow(TypedDict):
    billed_at: str
    credit_left_minor: int
    currency: str
    customer_id: str
    due_on: str
    id: str
    kind: BillKind
    lines: List[Line2]
    period_end: str
    period_start: str
    plan_id: str
    plan_name: str
    plan_version: int
    subscription_id: str
    total_minor: int

class BillingBillListRow(_BillingBillListRow, total=False):
    """A bill"""
    customer_name: str | None

class _BillingCheckoutListRow(TypedDict):
    customer_id: str
    id: str
    kind: str
    opened_at: str
    status: CheckoutStatus
    updated_at: str
    version: int

class BillingCheckoutListRow(_BillingCheckoutListRow, total=False):
    """A checkout"""
    error_code: str | None
    error_message: str | None
    expires_at: str | None
    external_id: str | None
    external_subscription: str | None
    plan_id: str | None
    quantity: int | None
    url: str | None

class BillingCheckoutComplete(TypedDict, total=False):
    """Says that the customer has bought"""
    external_subscription: str | None

class _BillingCheckoutFail(TypedDict):
    code: str

class BillingCheckoutFail(_BillingCheckoutFail, total=False):
    """Says that the page is gone, or never came"""
    message: str | None

class _BillingCheckoutOpen(TypedDict):
    customer_id: str
    page: WantedPage

class BillingCheckoutOpen(_BillingCheckoutOpen, total=False):
    """Asks the payment provider for a page"""
    return_url: str | None

class _BillingCheckoutReady(TypedDict):
    external_id: str
    url: str

class BillingCheckoutReady(_BillingCheckoutReady, total=False):
    """Says that the page is there"""
    expires_at: str | None

class _BillingCheckoutState(TypedDict):
    status: CheckoutStatus

class BillingCheckoutState(_BillingCheckoutState, total=False):
    """A checkout's state"""
    page: CheckoutReady | None

class BillingChurnRow(TypedDict):
    """What was lost in a month, in one currency"""
    churned_count: int
    churned_minor: int
    currency: str
    gross_revenue_churn_rate: float
    month: str
    net_revenue_churn_rate: float
    opening_count: int
    opening_minor: int
    subscription_churn_rate: float

class _BillingCurrentUsageRow(TypedDict):
    count: int
    customer_id: str
    metric: str
    period_start: str
    plan_id: str
    subscription_id: str
    sum: float
    unique_count: int
    updated_at: str

class BillingCurrentUsageRow(_BillingCurrentUsageRow, total=False):
    """A metric of the period that is under way"""
    latest: float | None
    max: float | None
    period_end: str | None

class _BillingCustomerListRow(TypedDict):
    created_at: str
    erased: bool
    id: str
    tax_exempt: bool
    updated_at: str
    version: int

class BillingCustomerListRow(_BillingCustomerListRow, total=False):
    """A customer"""
    country: str | None
    email: str | None
    external_id: str | None
    name: str | None
    tax_id: str | None

class BillingCustomerErase(TypedDict):
    """Erases what is personal, here and at the payment providers"""
    reason: str

class BillingCustomerLink(TypedDict):
    """Says under which id a payment provider knows the customer"""
    external_id: str
    provider: str

class _BillingCustomerRegister(TypedDict):
    name: str

class BillingCustomerRegister(_BillingCustomerRegister, total=False):
    """Registers a customer, under the id that the CRM has for the contact or company"""
    address: Address3 | None
    country: str | None
    email: str | None
    tax_exempt: bool
    tax_id: str | None

class _BillingCustomerState(TypedDict):
    erased: bool
    external_ids: Dict[str, Any]

class BillingCustomerState(_BillingCustomerState, total=False):
    """A customer's state"""
    profile: BillingProfile | None

class BillingCustomerUnlink(TypedDict):
    """Says that a payment provider knows the customer no more"""
    provider: str

class BillingCustomerUpdate(TypedDict, total=False):
    """Changes facts about a customer: an absent field stays, `null` clears it"""
    address: Address3 | None
    country: str | None
    email: str | None
    name: str | None
    tax_exempt: bool | None
    tax_id: str | None

class _BillingDriftListRow(TypedDict):
    found_at: str
    id: str
    kind: DriftKind
    object: str
    reconciliation_id: str
    repaired: bool

class BillingDriftListRow(_BillingDriftListRow, total=False):
    """A difference"""
    external_id: str | None
    note: str | None
    object_id: str | None
    ours: str | None
    theirs: str | None

class _BillingDunningPolicyDefine(TypedDict):
    entitlement_ends_at_step: int
    final_days: int
    retry_days: List[int]

class BillingDunningPolicyDefine(_BillingDunningPolicyDefine, total=False):
    """Defines how unpaid amounts are asked for again"""
    final_action: FinalAction

class BillingDunningPolicyState(TypedDict, total=False):
    """A dunning policy's state"""
    rules: DunningRules | None

class _BillingEntitlementsRow(TypedDict):
    customer_id: str
    feature: str
    granted: bool
    plan_id: str
    source: str
    status: SubscriptionState
    subscription_id: str
    value: FeatureValue

class BillingEntitlementsRow(_BillingEntitlementsRow, total=False):
    """A feature of a subscription"""
    until: str | None

class BillingMrrMovementRow(TypedDict):
    """A change"""
    after_minor: int
    at: str
    before_minor: int
    currency: str
    customer_id: str
    delta_minor: int
    id: str
    kind: MovementKind3
    plan_id: str
    subscription_id: str

class BillingMrrRow(TypedDict):
    """Recurring revenue of a month in one currency, in minor units"""
    churn_minor: int
    closing_minor: int
    contraction_minor: int
    currency: str
    expansion_minor: int
    month: str
    new_minor: int
    opening_minor: int

class BillingOverdueRow(TypedDict):
    """What is overdue, in one currency and for so many days"""
    amount_minor: int
    currency: str
    customer_count: int
    days: str
    payment_count: int
    subscription_count: int

class _BillingPaymentListRow(TypedDict):
    amount_minor: int
    attempt: int
    authorized_minor: int
    captured_minor: int
    charged_back_minor: int
    currency: str
    customer_id: str
    disputed_minor: int
    disputes: Dict[str, Dispute]
    due_on: str
    id: str
    overdue: bool
    refund_requested_minor: int
    refunded_minor: int
    refunds: Dict[str, Refund2]
    requested_at: str
    status: PaymentState2
    step: int
    updated_at: str
    version: int

class BillingPaymentListRow(_BillingPaymentListRow, total=False):
    """A payment"""
    action_url: str | None
    captured_at: str | None
    customer_name: str | None
    due_at: str | None
    error_code: str | None
    error_message: str | None
    external_id: str | None
    invoice_id: str | None
    method: str | None
    overdue_since: str | None
    reference: str | None
    subscription_id: str | None

class _BillingPaymentAdjust(TypedDict):
    amount: Money

class BillingPaymentAdjust(_BillingPaymentAdjust, total=False):
    """Says what is still owed of it, because the invoice was paid or credited in part, or is owed again"""
    reason: str | None

class _BillingPaymentAuthorize(TypedDict):
    external_id: str

class BillingPaymentAuthorize(_BillingPaymentAuthorize, total=False):
    """Says that an amount is held for us"""
    amount: Money | None
    expires_at: str | None

class BillingPaymentCapture(TypedDict, total=False):
    """Says that the money is ours: the provider tells, or somebody saw it on the bank account"""
    amount: Money | None
    captured_at: str | None
    external_id: str | None
    method: str | None
    recorded: bool

class BillingPaymentCloseChargeback(TypedDict):
    """Says how a dispute ended"""
    dispute_id: str
    outcome: ChargebackOutcome

class _BillingPaymentCompleteRefund(TypedDict):
    refund_id: str

class BillingPaymentCompleteRefund(_BillingPaymentCompleteRefund, total=False):
    """Says that money was given back"""
    amount: Money | None
    external_id: str | None

class BillingPaymentDun(TypedDict, total=False):
    """Takes the next step of dunning"""

class _BillingPaymentFail(TypedDict):
    code: str

class BillingPaymentFail(_BillingPaymentFail, total=False):
    """Says that an attempt to collect the amount failed"""
    attempt: int | None
    external_id: str | None
    message: str | None

class _BillingPaymentFailRefund(TypedDict):
    reason: str
    refund_id: str

class BillingPaymentFailRefund(_BillingPaymentFailRefund, total=False):
    """Says that money could not be given back"""
    external_id: str | None

class _BillingPaymentOpenChargeback(TypedDict):
    dispute_id: str
    reason: str

class BillingPaymentOpenChargeback(_BillingPaymentOpenChargeback, total=False):
    """Says that the payer's bank demands the money back"""
    amount: Money | None

class _BillingPaymentRefund(TypedDict):
    refund_id: str

class BillingPaymentRefund(_BillingPaymentRefund, total=False):
    """Gives money back"""
    amount: Money | None
    reason: str | None

class _BillingPaymentRequest(TypedDict):
    amount: Money
    customer_id: str

class BillingPaymentRequest(_BillingPaymentRequest, total=False):
    """Asks for a payment"""
    capture: CaptureMode
    due_on: str | None
    invoice_id: str | None
    reference: str | None
    subscription_id: str | None

class BillingPaymentRequestCapture(TypedDict, total=False):
    """Asks the provider to capture what it holds"""
    amount: Money | None

class _BillingPaymentRequireAction(TypedDict):
    external_id: str

class BillingPaymentRequireAction(_BillingPaymentRequireAction, total=False):
    """Says that the payer must do something"""
    url: str | None

class _BillingPaymentState(TypedDict):
    attempt: int
    authorized_minor: int
    capture_requested: bool
    captured_minor: int
    disputes: Dict[str, Any]
    failed_attempt: int
    overdue: bool
    refunds: Dict[str, Refund2]
    status: PaymentStatus
    step: int

class BillingPaymentState(_BillingPaymentState, total=False):
    """A payment's state"""
    adjusted_minor: int | None
    again: Dict[str, Any]
    external_id: str | None
    held_until: str | None
    method: str | None
    next_at: str | None
    recorded: bool
    request: PaymentRequested | None

class BillingPaymentVoid(TypedDict, total=False):
    """Calls the payment off"""
    reason: str | None

class _BillingPlanListRow(TypedDict):
    charges: List[Charge]
    created_at: str
    currency: str
    entitlements: Dict[str, Any]
    id: str
    interval_count: int
    interval_unit: str
    monthly_minor: int
    name: str
    plan_version: int
    price_minor: int
    retired: bool
    trial_days: int
    updated_at: str
    version: int

class BillingPlanListRow(_BillingPlanListRow, total=False):
    """A plan"""
    description: str | None
    external_price_id: str | None
    tax_rate_percent: float | None

class _BillingPlanLink(TypedDict):
    price_id: str
    provider: str
    version: int

class BillingPlanLink(_BillingPlanLink, total=False):
    """Names the price of the newest version at the payment provider"""
    product_id: str | None

class _BillingPlanPublish(TypedDict):
    name: str
    price: Money

class BillingPlanPublish(_BillingPlanPublish, total=False):
    """Publishes a version of a plan"""
    charges: List[Charge]
    description: str | None
    entitlements: Dict[str, Any]
    interval: Interval
    tax_rate_percent: str | None
    trial_days: int

class BillingPlanRetire(TypedDict, total=False):
    """Takes a plan from sale"""

class _BillingPlanState(TypedDict):
    retired: bool
    version: int

class BillingPlanState(_BillingPlanState, total=False):
    """A plan's state"""
    link: PriceLink | None
    terms: Terms3 | None

class _BillingReconciliationDriftRow(TypedDict):
    finished_at: str
    kind: DriftKind
    object: str
    reconciliation_id: str
    repaired: bool

class BillingReconciliationDriftRow(_BillingReconciliationDriftRow, total=False):
    """A difference that the last comparison found"""
    external_id: str | None
    note: str | None
    object_id: str | None
    ours: str | None
    theirs: str | None

class BillingReconciliationListRow(TypedDict):
    """A comparison"""
    compared: List[Compared]
    drift_count: int
    finished_at: str
    id: str
    provider: str
    repaired_count: int
    started_at: str

class _BillingReconciliationRecord(TypedDict):
    compared: List[Compared]
    provider: str
    started_at: str

class BillingReconciliationRecord(_BillingReconciliationRecord, total=False):
    """Records a comparison with the payment provider"""
    drift_count: int
    drifts: List[Drift]

class BillingReconciliationState(TypedDict):
    """A reconciliation's state"""
    drift_count: int

class _BillingSubscriptionListRow(TypedDict):
    billed_by: Biller
    credit_minor: int
    currency: str
    customer_id: str
    entitled: bool
    entitlements: Dict[str, Any]
    id: str
    interval_count: int
    interval_unit: str
    net_days: int
    overdue_payments: List[str]
    overrides: Dict[str, Any]
    period_end: str
    period_start: str
    plan_id: str
    plan_name: str
    plan_version: int
    price_minor: int
    quantity: int
    recurring_minor: int
    started_at: str
    status: SubscriptionState
    suspended_by: List[str]
    updated_at: str
    version: int

class BillingSubscriptionListRow(_BillingSubscriptionListRow, total=False):
    """A subscription"""
    cancel_at: str | None
    cancel_reason: str | None
    customer_name: str | None
    due_at: str | None
    end_reason: str | None
    ended_at: str | None
    external_id: str | None
    provider_status: ProviderStatus | None
    scheduled_plan_id: str | None
    scheduled_quantity: int | None
    trial_end: str | None

class BillingSubscriptionBillPeriod(TypedDict, total=False):
    """Bills the period that is over"""

class BillingSubscriptionCancel(TypedDict, total=False):
    """Cancels"""
    prorate: bool
    reason: str | None
    when: Effective

class BillingSubscriptionChangePlan(TypedDict, total=False):
    """Changes plan, version or quantity"""
    plan_id: str | None
    prorate: bool
    quantity: int | None
    when: Effective

class BillingSubscriptionExpire(TypedDict, total=False):
    """Ends a subscription whose payment is overdue, without a further bill"""
    reason: str | None

class _BillingSubscriptionOverrideEntitlement(TypedDict):
    feature: str

class BillingSubscriptionOverrideEntitlement(_BillingSubscriptionOverrideEntitlement, total=False):
    """Grants a feature differently from the plan"""
    reason: str | None
    until: str | None
    value: FeatureValue | None

class BillingSubscriptionResume(TypedDict, total=False):
    """Takes back a cancellation that has not happened yet"""

class _BillingSubscriptionStart(TypedDict):
    customer_id: str
    plan_id: str

class BillingSubscriptionStart(_BillingSubscriptionStart, total=False):
    """Starts a subscription"""
    net_days: int
    quantity: int
    start_at: str | None
    trial_days: int | None

class _BillingSubscriptionState(TypedDict):
    billed_by: Biller
    credit_minor: int
    customer_id: str
    net_days: int
    number: int
    overdue: List[str]
    overrides: Dict[str, Any]
    pending: List[Line2]
    quantity: int
    recurring_minor: int
    standing: Standing
    suspended_by: List[str]

class BillingSubscriptionState(_BillingSubscriptionState, total=False):
    """A subscription's state"""
    anchor: str | None
    began_at: str | None
    bills: List[List[Any]]
    cancellation: CancellationScheduled | None
    customer_name: str | None
    last_bill: List[Any] | None
    period: Period | None
    plan: PlanVersion | None
    provider: List[Any] | None
    requested: ProviderChange | None
    scheduled: ScheduledChange | None

class _BillingSubscriptionSync(TypedDict):
    customer_id: str
    external_id: str
    observed_at: str
    period_end: str
    period_start: str
    plan_id: str
    quantity: int
    started_at: str
    status: ProviderStatus

class BillingSubscriptionSync(_BillingSubscriptionSync, total=False):
    """Tells how a subscription stands that the payment provider bills"""
    cancel_at: str | None
    ended_at: str | None
    trial_end: str | None

class _BillingSubscriptionTakeOver(TypedDict):
    customer_id: str
    terms: List[PastTerms]

class BillingSubscriptionTakeOver(_BillingSubscriptionTakeOver, total=False):
    """Takes over a subscription that was sold and billed elsewhere, with its past"""
    billed_until: str | None
    end_reason: str | None
    ended_at: str | None
    net_days: int

class _BillingUsageListRow(TypedDict):
    closed: bool
    count: int
    customer_id: str
    id: str
    metric: str
    period_start: str
    subscription_id: str
    sum: float
    unique_count: int
    updated_at: str

class BillingUsageListRow(_BillingUsageListRow, total=False):
    """A metric in a period"""
    latest: float | None
    max: float | None

class BillingUsageRecord(TypedDict):
    """Records usage of the subscription with this id: 1 to 1,000 records, each of which counts once"""
    records: List[UsageRecord]

class _BillingUsageState(TypedDict):
    open: Dict[str, PeriodTotals]
    seen: Dict[str, List[str]]

class BillingUsageState(_BillingUsageState, total=False):
    """The usage of a subscription"""
    remembers_from: str | None

class _CrmActivityTimelineRow(TypedDict):
    at: str
    created_at: str
    due_at: str
    id: str
    kind: ActivityKind
    status: ActivityState
    subject: str
    updated_at: str
    version: int

class CrmActivityTimelineRow(_CrmActivityTimelineRow, total=False):
    """An activity"""
    assignee: str | None
    cancel_reason: str | None
    company_id: str | None
    completed_at: str | None
    contact_id: str | None
    deal_id: str | None
    duration_minutes: int | None
    lead_id: str | None
    note: str | None
    outcome: str | None

class CrmActivityCancel(TypedDict, total=False):
    """Calls a planned activity off"""
    reason: str | None

class CrmActivityComplete(TypedDict, total=False):
    """Says that an activity was done"""
    completed_at: str | None
    outcome: str | None

class CrmActivityReassign(TypedDict):
    """Gives a planned activity to someone else"""
    assignee: str

class _CrmActivityReschedule(TypedDict):
    due_at: str

class CrmActivityReschedule(_CrmActivityReschedule, total=False):
    """Gives a planned activity another time"""
    duration_minutes: int | None

class _CrmActivitySchedule(TypedDict):
    about: Subjects
    due_at: str
    kind: ActivityKind
    subject: str

class CrmActivitySchedule(_CrmActivitySchedule, total=False):
    """Plans an activity"""
    assignee: str | None
    duration_minutes: int | None
    note: str | None

class _CrmActivityState(TypedDict):
    status: ActivityStatus

class CrmActivityState(_CrmActivityState, total=False):
    """An activity's state"""
    plan: ActivityScheduled | None

class _CrmCompany360Row(TypedDict):
    company: CompanyRow
    contact_count: int
    contacts: List[ContactRow]
    next_activities: List[ActivityRow]
    open_deal_count: int
    open_deals: List[DealRow]
    recent_activities: List[ActivityRow]
    subsidiaries: List[Named]
    subsidiary_count: int
    totals: List[DealTotals]

class CrmCompany360Row(_CrmCompany360Row, total=False):
    """All about one company"""
    parent: Named | None

class CrmCompanyDuplicatesRow(TypedDict):
    """Companies that may be the same"""
    companies: List[DuplicateCompany]
    company_count: int
    reason: str
    value: str

class _CrmCompanyListRow(TypedDict):
    created_at: str
    custom: Dict[str, Any]
    id: str
    merged_ids: List[str]
    name: str
    sort_name: str
    tags: List[str]
    updated_at: str
    version: int

class CrmCompanyListRow(_CrmCompanyListRow, total=False):
    """A company"""
    address: Address | None
    annual_revenue_currency: str | None
    annual_revenue_minor: int | None
    city: str | None
    country: str | None
    domain: str | None
    employees: int | None
    industry: str | None
    note: str | None
    owner: str | None
    parent_id: str | None
    phone: str | None
    website: str | None

class CrmCompanyErase(TypedDict):
    """Erases the company's data, for instance those of a sole trader who asks for it, in this company and in all that were ever merged into it"""
    reason: str

class CrmCompanyLink(TypedDict):
    """Makes the company belong to a parent company"""
    parent_id: str

class _CrmCompanyMerge(TypedDict):
    losers: List[str]

class CrmCompanyMerge(_CrmCompanyMerge, total=False):
    """Merges other companies into this one, the survivor"""
    choices: Dict[str, str]

class _CrmCompanyRegister(TypedDict):
    name: str

class CrmCompanyRegister(_CrmCompanyRegister, total=False):
    """Registers a company"""
    address: Address | None
    allow_duplicate: bool
    annual_revenue: Money | None
    custom: Dict[str, Any]
    domain: str | None
    employees: int | None
    industry: str | None
    note: str | None
    owner: str | None
    parent_id: str | None
    phone: str | None
    phone_region: str | None
    tags: List[str]
    website: str | None

class _CrmCompanyState(TypedDict):
    merged: List[str]
    status: Status

class CrmCompanyState(_CrmCompanyState, total=False):
    """A company's state"""
    parent_id: str | None
    profile: CompanyProfile | None

class CrmCompanyUnlink(TypedDict, total=False):
    """Takes the company out of its parent company"""

class CrmCompanyUpdate(TypedDict, total=False):
    """Changes facts about a company: an absent field stays, `null` clears it"""
    address: Address | None
    allow_duplicate: bool
    annual_revenue: Money | None
    custom: Dict[str, Any]
    domain: str | None
    employees: int | None
    industry: str | None
    name: str | None
    note: str | None
    owner: str | None
    phone: str | None
    phone_region: str | None
    tags: List[str] | None
    website: str | None

class _CrmContact360Row(TypedDict):
    contact: ContactRow
    deal_count: int
    deals: List[DealRow]
    lead_count: int
    leads: List[LeadOfContact]
    next_activities: List[ActivityRow]
    open_deal_count: int
    recent_activities: List[ActivityRow]
    totals: List[DealTotals]

class CrmContact360Row(_CrmContact360Row, total=False):
    """All about one contact"""
    company: CompanyRow | None

class _CrmContactListRow(TypedDict):
    created_at: str
    custom: Dict[str, Any]
    display_name: str
    id: str
    merged_ids: List[str]
    sort_name: str
    tags: List[str]
    updated_at: str
    version: int

class CrmContactListRow(_CrmContactListRow, total=False):
    """A contact"""
    address: Address | None
    city: str | None
    company_id: str | None
    company_name: str | None
    country: str | None
    email: str | None
    family_name: str | None
    given_name: str | None
    job_title: str | None
    note: str | None
    owner: str | None
    phone: str | None
    source: str | None

class CrmContactErase(TypedDict):
    """Erases the person's data, in this contact and in all that were ever merged into it"""
    reason: str

class CrmContactLink(TypedDict):
    """Makes the contact belong to a company"""
    company_id: str

class _CrmContactMerge(TypedDict):
    losers: List[str]

class CrmContactMerge(_CrmContactMerge, total=False):
    """Merges other contacts into this one, the survivor"""
    choices: Dict[str, str]

class CrmContactRegister(TypedDict, total=False):
    """Registers a contact"""
    address: Address | None
    allow_duplicate: bool
    company_id: str | None
    company_name: str | None
    custom: Dict[str, Any]
    email: str | None
    family_name: str | None
    given_name: str | None
    job_title: str | None
    note: str | None
    owner: str | None
    phone: str | None
    phone_region: str | None
    source: str | None
    tags: List[str]

class _CrmContactState(TypedDict):
    merged: List[str]
    profile: Profile
    status: Status

class CrmContactState(_CrmContactState, total=False):
    """A contact's state"""
    company_id: str | None

class CrmContactUnlink(TypedDict, total=False):
    """Takes the contact out of its company"""

class CrmContactUpdate(TypedDict, total=False):
    """Changes facts about a contact: an absent field stays, `null` clears it"""
    address: Address | None
    allow_duplicate: bool
    company_name: str | None
    custom: Dict[str, Any]
    email: str | None
    family_name: str | None
    given_name: str | None
    job_title: str | None
    note: str | None
    owner: str | None
    phone: str | None
    phone_region: str | None
    source: str | None
    tags: List[str] | None

class CrmCustomFieldListRow(TypedDict):
    """A custom field"""
    created_at: str
    entity: CustomEntity
    id: str
    key: str
    label: str
    options: List[str]
    retired: bool
    type: FieldType
    updated_at: str
    version: int

class _CrmCustomFieldDefine(TypedDict):
    label: str
    type: FieldType

class CrmCustomFieldDefine(_CrmCustomFieldDefine, total=False):
    """Defines a custom field"""
    options: List[str]

class CrmCustomFieldRetire(TypedDict, total=False):
    """Retires a field: it takes no new values"""

class _CrmCustomFieldState(TypedDict):
    field_type: FieldType
    options: List[str]
    retired: bool

class CrmCustomFieldState(_CrmCustomFieldState, total=False):
    """A custom field's state"""
    label: str | None

class CrmCustomFieldUpdate(TypedDict, total=False):
    """Changes the label or the options of a field"""
    label: str | None
    options: List[str] | None

class _CrmDealListRow(TypedDict):
    custom: Dict[str, Any]
    id: str
    name: str
    opened_at: str
    pipeline_id: str
    probability_percent: int
    stage_entered_at: str
    stage_id: str
    stage_name: str
    status: DealState
    tags: List[str]
    updated_at: str
    version: int

class CrmDealListRow(_CrmDealListRow, total=False):
    """A deal"""
    amount_minor: int | None
    closed_at: str | None
    closed_on: str | None
    company_id: str | None
    competitor: str | None
    contact_id: str | None
    currency: str | None
    expected_close: str | None
    loss_note: str | None
    lost_reason: str | None
    note: str | None
    owner: str | None
    source: str | None
    weighted_minor: int | None

class _CrmDealStageHistoryRow(TypedDict):
    deal_id: str
    entered_at: str
    id: str
    number: int
    pipeline_id: str
    probability_percent: int
    stage_id: str
    stage_name: str

class CrmDealStageHistoryRow(_CrmDealStageHistoryRow, total=False):
    """A stay of a deal in a stage"""
    from_stage_id: str | None
    left_at: str | None
    outcome: Outcome | None
    seconds: int | None
    to_stage_id: str | None

class _CrmDealLose(TypedDict):
    reason: str

class CrmDealLose(_CrmDealLose, total=False):
    """Loses an open deal"""
    closed_on: str | None
    competitor: str | None
    note: str | None

class _CrmDealMoveStage(TypedDict):
    stage: str

class CrmDealMoveStage(_CrmDealMoveStage, total=False):
    """Moves an open deal to another open stage, of another pipeline if one is named"""
    pipeline_id: str | None

class _CrmDealOpen(TypedDict):
    name: str

class CrmDealOpen(_CrmDealOpen, total=False):
    """Opens a deal"""
    amount: Money | None
    company_id: str | None
    contact_id: str | None
    custom: Dict[str, Any]
    expected_close: str | None
    note: str | None
    owner: str | None
    pipeline_id: str | None
    source: str | None
    stage: str | None
    tags: List[str]

class CrmDealReopen(TypedDict, total=False):
    """Opens a closed deal again, in its last open stage"""

class CrmDealSetAmount(TypedDict, total=False):
    """Says what an open deal is worth"""
    amount: Money | None

class _CrmDealState(TypedDict):
    pipeline_id: str
    status: DealStatus

class CrmDealState(_CrmDealState, total=False):
    """A deal's state"""
    amount: Money | None
    facts: DealFacts | None
    position: Position | None

class CrmDealUpdate(TypedDict, total=False):
    """Changes facts about a deal, open or closed: an absent field stays, `null` clears it"""
    company_id: str | None
    contact_id: str | None
    custom: Dict[str, Any]
    expected_close: str | None
    name: str | None
    note: str | None
    owner: str | None
    source: str | None
    tags: List[str] | None

class CrmDealWin(TypedDict, total=False):
    """Wins an open deal"""
    closed_on: str | None

class CrmDuplicatesRow(TypedDict):
    """Contacts that may be the same person"""
    contact_count: int
    contacts: List[DuplicateContact]
    reason: str
    value: str

class _CrmForecastRow(TypedDict):
    amount_minor: int
    open_count: int
    overdue_count: int
    pipeline_id: str
    unvalued_count: int
    weighted_minor: int
    won_count: int
    won_minor: int

class CrmForecastRow(_CrmForecastRow, total=False):
    """What one month may bring in one pipeline and currency"""
    currency: str | None
    month: str | None

class _CrmLeadListRow(TypedDict):
    activities: int
    created_at: str
    custom: Dict[str, Any]
    display_name: str
    id: str
    score: int
    score_reasons: List[ScoreReason]
    score_version: int
    status: LeadStage
    status_changed_at: str
    tags: List[str]
    updated_at: str
    version: int

class CrmLeadListRow(_CrmLeadListRow, total=False):
    """A lead"""
    address: Address | None
    city: str | None
    company_id: str | None
    company_name: str | None
    contact_id: str | None
    country: str | None
    deal_id: str | None
    email: str | None
    estimated_value_currency: str | None
    estimated_value_minor: int | None
    family_name: str | None
    given_name: str | None
    job_title: str | None
    last_activity_at: str | None
    note: str | None
    owner: str | None
    phone: str | None
    rest_until: str | None
    source: str | None
    status_reason: str | None
    website: str | None

class CrmLeadAssign(TypedDict):
    """Gives the lead to someone to work on"""
    owner: str

class CrmLeadCapture(TypedDict, total=False):
    """Captures a lead"""
    address: Address | None
    allow_duplicate: bool
    company_name: str | None
    custom: Dict[str, Any]
    email: str | None
    family_name: str | None
    given_name: str | None
    job_title: str | None
    note: str | None
    owner: str | None
    phone: str | None
    phone_region: str | None
    source: str | None
    tags: List[str]
    website: str | None

class CrmLeadConvert(TypedDict, total=False):
    """Converts a qualified lead: links or makes the contact, if asked for the company, and if asked opens a deal"""
    allow_duplicate: bool
    company_id: str | None
    contact_id: str | None
    create_company: bool
    deal: DealOfLead | None
    new_company_id: str | None
    new_contact_id: str | None

class CrmLeadDisqualify(TypedDict):
    """Gives the lead up"""
    reason: str

class CrmLeadErase(TypedDict):
    """Erases the person's data"""
    reason: str

class CrmLeadQualify(TypedDict, total=False):
    """Says that a lead in work is worth a sales effort"""
    estimated_value: Money | None
    note: str | None

class _CrmLeadRecycle(TypedDict):
    reason: str

class CrmLeadRecycle(_CrmLeadRecycle, total=False):
    """Puts the lead back until the time is right"""
    until: str | None

class _CrmLeadState(TypedDict):
    profile: LeadProfile
    status: LeadStatus

class CrmLeadState(_CrmLeadState, total=False):
    """A lead's state"""
    estimated_value: Money | None
    owner: str | None

class CrmLeadUpdate(TypedDict, total=False):
    """Changes facts about a lead that is not converted: an absent field stays, `null` clears it"""
    address: Address | None
    allow_duplicate: bool
    company_name: str | None
    custom: Dict[str, Any]
    email: str | None
    family_name: str | None
    given_name: str | None
    job_title: str | None
    note: str | None
    phone: str | None
    phone_region: str | None
    source: str | None
    tags: List[str] | None
    website: str | None

class _CrmLossReasonsRow(TypedDict):
    amount_minor: int
    deal_count: int
    reason: str

class CrmLossReasonsRow(_CrmLossReasonsRow, total=False):
    """Deals that were lost for one reason"""
    competitor: str | None
    currency: str | None

class _CrmPipelineByStageRow(TypedDict):
    amount_minor: int
    deal_count: int
    pipeline_id: str
    probability_percent: int
    stage_id: str
    stage_name: str
    unvalued_count: int
    weighted_minor: int

class CrmPipelineByStageRow(_CrmPipelineByStageRow, total=False):
    """The open deals of one stage in one currency"""
    currency: str | None
    oldest_entered_at: str | None
    pipeline_name: str | None
    position: int | None

class CrmPipelineListRow(TypedDict):
    """A pipeline"""
    created_at: str
    id: str
    name: str
    retired_stages: List[str]
    stages: List[Stage]
    updated_at: str
    version: int

class _CrmPipelineAddStage(TypedDict):
    stage: Stage

class CrmPipelineAddStage(_CrmPipelineAddStage, total=False):
    """Adds a stage"""
    before: str | None

class _CrmPipelineChangeStage(TypedDict):
    stage_id: str

class CrmPipelineChangeStage(_CrmPipelineChangeStage, total=False):
    """Changes the name or the probability of a stage"""
    name: str | None
    probability_percent: int | None

class CrmPipelineDefine(TypedDict):
    """Defines a pipeline"""
    name: str
    stages: List[Stage]

class CrmPipelineRename(TypedDict):
    """Gives a pipeline another name"""
    name: str

class CrmPipelineReorderStages(TypedDict):
    """Puts the stages in another order"""
    order: List[str]

class CrmPipelineRetireStage(TypedDict):
    """Closes a stage to further deals"""
    stage_id: str

class _CrmPipelineState(TypedDict):
    retired: List[str]
    stages: List[Stage]

class CrmPipelineState(_CrmPipelineState, total=False):
    """A pipeline's state"""
    name: str | None

class _CrmStageAgeingRow(TypedDict):
    amount_minor: int
    deal_count: int
    from_days: int
    oldest_days: int
    oldest_deal_id: str
    pipeline_id: str
    stage_id: str
    stage_name: str
    weighted_minor: int

class CrmStageAgeingRow(_CrmStageAgeingRow, total=False):
    """Open deals of one stage and currency that have been there for so many days"""
    currency: str | None
    to_days: int | None

class _CrmStageConversionRow(TypedDict):
    deal_count: int
    deals_lost_count: int
    deals_won_count: int
    entered_count: int
    in_stage_count: int
    left_count: int
    lost_count: int
    moved_on_count: int
    pipeline_id: str
    probability_percent: int
    returned_count: int
    stage_id: str
    stage_name: str
    won_count: int

class CrmStageConversionRow(_CrmStageConversionRow, total=False):
    """What became of the deals that entered a stage"""
    median_seconds: float | None
    move_on_rate: float | None
    p90_seconds: float | None
    win_rate: float | None

class _InventoryAgeingRow(TypedDict):
    currency: str
    from_days: int
    item_id: str
    layer_count: int
    oldest_on: str
    product_id: str
    product_name: str
    quantity: int
    sku: str
    value_minor: int
    warehouse_id: str
    warehouse_name: str

class InventoryAgeingRow(_InventoryAgeingRow, total=False):
    """Stock of an item by its age"""
    to_days: int | None

class InventoryAvailabilityRow(TypedDict):
    """What can be promised of a product"""
    allocated: int
    available: int
    on_hand: int
    product_id: str
    product_name: str
    reserved: int
    safety_stock: int
    sku: str
    unit: str
    warehouses: List[AvailableIn]

class _InventoryDaysOfCoverRow(TypedDict):
    item_id: str
    on_hand: int
    product_id: str
    product_name: str
    shipped: int
    shipped_per_day: float
    sku: str
    warehouse_id: str
    warehouse_name: str

class InventoryDaysOfCoverRow(_InventoryDaysOfCoverRow, total=False):
    """How long an item lasts"""
    days_of_cover: float | None
    runs_out_on: str | None

class InventoryLayerListRow(TypedDict):
    """What is left of a receipt"""
    id: str
    item_id: str
    layer: str
    product_id: str
    quantity: int
    received_on: str
    sku: str
    value_minor: int
    warehouse_id: str

class _InventoryMovementListRow(TypedDict):
    booked_on: str
    effective_on: str
    expensed_minor: int
    id: str
    item_id: str
    kind: MovementKind
    movement_id: str
    on_hand: int
    product_id: str
    quantity: int
    recorded_at: str
    sku: str
    value_minor: int
    warehouse_id: str

class InventoryMovementListRow(_InventoryMovementListRow, total=False):
    """A movement of an item"""
    counted: int | None
    currency: Currency | None
    customer_id: str | None
    note: str | None
    other_warehouse_id: str | None
    reason: str | None
    reference: str | None
    reservation_id: str | None
    shipment_id: str | None
    stock_value_minor: int | None
    supplier: str | None

class _InventoryProductListRow(TypedDict):
    created_at: str
    currency: Currency
    discontinued: bool
    id: str
    name: str
    safety_stock: int
    sku: str
    sort_name: str
    unit: str
    updated_at: str
    valuation: Valuation
    version: int

class InventoryProductListRow(_InventoryProductListRow, total=False):
    """A product"""
    barcode: str | None
    category: str | None
    cost_minor: int | None
    description: str | None
    price_currency: Currency | None
    price_minor: int | None
    reorder_point: int | None
    reorder_quantity: int | None
    supplier: str | None

class _InventoryProductCreate(TypedDict):
    name: str
    sku: str

class InventoryProductCreate(_InventoryProductCreate, total=False):
    """Creates a product"""
    barcode: str | None
    category: str | None
    cost: Money | None
    currency: Currency | None
    description: str | None
    price: Money | None
    reorder_point: int | None
    reorder_quantity: int | None
    safety_stock: int | None
    supplier: str | None
    unit: str | None
    valuation: Valuation

class InventoryProductDiscontinue(TypedDict, total=False):
    """Stops buying a product: nothing is received any more, what is in stock is sold off"""
    reason: str | None

class InventoryProductPrice(TypedDict, total=False):
    """Says what a piece is sold for"""
    price: Money | None

class InventoryProductReinstate(TypedDict, total=False):
    """Buys a discontinued product again"""

class InventoryProductRename(TypedDict):
    """Gives a product another name"""
    name: str

class _InventoryProductState(TypedDict):
    discontinued: bool
    facts: ProductFacts
    name: str

class InventoryProductState(_InventoryProductState, total=False):
    """A product's state"""
    price: Money | None
    terms: Terms | None

class InventoryProductUpdate(TypedDict, total=False):
    """Changes facts about a product: an absent field stays, `null` clears it"""
    barcode: str | None
    category: str | None
    cost: Money | None
    description: str | None
    name: str | None
    price: Money | None
    reorder_point: int | None
    reorder_quantity: int | None
    safety_stock: int | None
    supplier: str | None

class _InventoryReorderListRow(TypedDict):
    allocated: int
    currency: str
    item_id: str
    level: int
    on_hand: int
    order_quantity: int
    product_id: str
    product_name: str
    reorder_point: int
    shortfall: int
    sku: str
    warehouse_id: str
    warehouse_name: str

class InventoryReorderListRow(_InventoryReorderListRow, total=False):
    """An item below its reorder point"""
    order_value_minor: int | None
    suggested_at: str | None
    suggestion_id: str | None
    supplier: str | None
    unit_cost_minor: int | None

class _InventoryReorderSuggestionListRow(TypedDict):
    created_at: str
    id: str
    item_id: str
    level: int
    product_id: str
    product_name: str
    quantity: int
    reorder_point: int
    sku: str
    status: SuggestionState
    version: int
    warehouse_id: str

class InventoryReorderSuggestionListRow(_InventoryReorderSuggestionListRow, total=False):
    """A suggestion"""
    decided_at: str | None
    ordered_quantity: int | None
    reason: str | None
    reference: str | None
    supplier: str | None

class InventoryReorderSuggestionAccept(TypedDict, total=False):
    """Says that it was ordered"""
    quantity: int | None
    reference: str | None

class InventoryReorderSuggestionDismiss(TypedDict):
    """Decides against it"""
    reason: str

class InventoryReorderSuggestionState(TypedDict):
    """A suggestion's state"""
    item_id: str
    quantity: int
    status: SuggestionStatus

class _InventoryReorderSuggestionSuggest(TypedDict):
    level: int
    product_id: str
    product_name: str
    quantity: int
    reorder_point: int
    sku: str
    warehouse_id: str

class InventoryReorderSuggestionSuggest(_InventoryReorderSuggestionSuggest, total=False):
    """Suggests to order a product"""
    supplier: str | None

class InventoryReorderSuggestionWithdraw(TypedDict, total=False):
    """Takes back an open suggestion that is no longer needed; does nothing to one that was decided"""

class _InventoryReservationListRow(TypedDict):
    aggregate_id: str
    created_at: str
    id: str
    joint: bool
    open_quantity: int
    product_id: str
    quantity: int
    reservation_id: str
    sku: str
    status: HoldStatus
    updated_at: str
    warehouse_id: str

class InventoryReservationListRow(_InventoryReservationListRow, total=False):
    """A reservation or an allocation of one item"""
    due_at: str | None
    expires_at: str | None
    reference: str | None

class InventorySkuState(TypedDict):
    """An article number's state"""
    product_id: str

class _InventoryStockItemAdjust(TypedDict):
    movement_id: str
    quantity: int
    reason: str

class InventoryStockItemAdjust(_InventoryStockItemAdjust, total=False):
    """Makes the books agree with what is there: damage, loss, theft, a find"""
    note: str | None
    unit_cost: Money | None

class _InventoryStockItemAllocate(TypedDict):
    reservation_id: str

class InventoryStockItemAllocate(_InventoryStockItemAllocate, total=False):
    """Commits pieces without an end: those of a reservation, or available ones"""
    quantity: int | None
    reference: str | None

class _InventoryStockItemCount(TypedDict):
    counted: int
    movement_id: str

class InventoryStockItemCount(_InventoryStockItemCount, total=False):
    """Records a count"""
    note: str | None
    unit_cost: Money | None

class InventoryStockItemExpireReservations(TypedDict, total=False):
    """Ends the reservations whose time is over"""

class _InventoryStockItemReceive(TypedDict):
    movement_id: str
    quantity: int

class InventoryStockItemReceive(_InventoryStockItemReceive, total=False):
    """Receives goods"""
    received_on: str | None
    reference: str | None
    supplier: str | None
    total_cost: Money | None
    unit_cost: Money | None

class InventoryStockItemRelease(TypedDict):
    """Frees what a reservation or an allocation keeps"""
    reservation_id: str

class _InventoryStockItemReserve(TypedDict):
    quantity: int
    reservation_id: str

class InventoryStockItemReserve(_InventoryStockItemReserve, total=False):
    """Keeps available pieces for somebody until a time"""
    reference: str | None
    ttl_seconds: int | None

class _InventoryStockItemReturn(TypedDict):
    movement_id: str
    quantity: int
    shipment_id: str

class InventoryStockItemReturn(_InventoryStockItemReturn, total=False):
    """Takes goods back from a customer, at what they were worth when they left"""
    reason: str | None
    reference: str | None

class _InventoryStockItemRevalue(TypedDict):
    movement_id: str
    value: Money

class InventoryStockItemRevalue(_InventoryStockItemRevalue, total=False):
    """Sets what the stock is worth, such as to its lower net realisable value"""
    note: str | None

class InventoryStockItemReviewReorder(TypedDict, total=False):
    """Looks whether the item is to be ordered again, and says so where that has changed: with the product's reorder point, or because the product is no longer bought, or is again"""

class _InventoryStockItemShip(TypedDict):
    movement_id: str

class InventoryStockItemShip(_InventoryStockItemShip, total=False):
    """Ships goods to a customer: those that a reservation or allocation keeps, or free ones, safety stock included"""
    customer_id: str | None
    quantity: int | None
    reference: str | None
    reservation_id: str | None

class _InventoryStockItemState(TypedDict):
    falls: int
    holds: Dict[str, Hold]
    stock: Stock

class InventoryStockItemState(_InventoryStockItemState, total=False):
    """A stock item's state"""
    below: int | None
    currency: Currency | None
    goods: Goods | None

class InventoryStockItemTransfer(TypedDict):
    """Moves free goods to another warehouse; their value and their age move with them"""
    movement_id: str
    quantity: int
    to_warehouse_id: str

class _InventoryStockListRow(TypedDict):
    allocated: int
    available: int
    below: bool
    created_at: str
    currency: Currency
    discontinued: bool
    id: str
    low: bool
    on_hand: int
    product_id: str
    product_name: str
    reserved: int
    safety_stock: int
    sku: str
    unit: str
    updated_at: str
    valuation: Valuation
    value_minor: int
    version: int
    warehouse_id: str
    warehouse_name: str

class InventoryStockListRow(_InventoryStockListRow, total=False):
    """A product in a warehouse"""
    due_at: str | None
    last_counted_on: str | None
    last_received_on: str | None
    last_shipped_on: str | None
    reorder_point: int | None
    reorder_quantity: int | None

class InventoryStockMovementAdjustCost(TypedDict, total=False):
    """Corrects what the goods of a receipt cost"""
    total_cost: Money | None
    unit_cost: Money | None

InventoryStockMovementOpenStock = "ReceiveGoods"
"""Takes over stock that was there before it was kept here"""

class _InventoryStockMovementReceive(TypedDict):
    quantity: int

class InventoryStockMovementReceive(_InventoryStockMovementReceive, total=False):
    """Receives goods from a supplier, named as files and scanners name them"""
    product_id: str | None
    received_on: str | None
    reference: str | None
    sku: str | None
    supplier: str | None
    total_cost: Money | None
    unit_cost: Money | None
    warehouse_id: str | None

class _InventoryStockMovementRecord(TypedDict):
    kind: RecordKind
    quantity: int

class InventoryStockMovementRecord(_InventoryStockMovementRecord, total=False):
    """Records a movement of the past: it counts in the books on its own day (on the next open one where the books of the day are closed), and takes or brings the value that the stock has when it is recorded"""
    customer_id: str | None
    date: str | None
    product_id: str | None
    reason: str | None
    reference: str | None
    shipment_id: str | None
    sku: str | None
    supplier: str | None
    total_cost: Money | None
    unit_cost: Money | None
    warehouse_id: str | None

class _InventoryStockMovementState(TypedDict):
    asked: int
    item_id: str
    places: List[str]
    returned: int
    returned_minor: int
    value_minor: int

class InventoryStockMovementState(_InventoryStockMovementState, total=False):
    """A movement's state"""
    kind: Kind | None

class _InventoryStockReservationListRow(TypedDict):
    created_at: str
    id: str
    lines: List[LineRow]
    quantity: int
    shipped: int
    status: ReservationStatus
    updated_at: str
    version: int

class InventoryStockReservationListRow(_InventoryStockReservationListRow, total=False):
    """A reservation"""
    customer_id: str | None
    due_at: str | None
    expires_at: str | None
    reason: str | None
    reference: str | None

class InventoryStockReservationAllocate(TypedDict, total=False):
    """Commits all that is kept, without an end"""

class InventoryStockReservationExpire(TypedDict, total=False):
    """Ends the reservation if its time is over"""

class _InventoryStockReservationPlace(TypedDict):
    lines: List[WantedLine]

class InventoryStockReservationPlace(_InventoryStockReservationPlace, total=False):
    """Keeps all that is wanted until a time, or nothing where one item is short"""
    customer_id: str | None
    reference: str | None
    ttl_seconds: int | None

class InventoryStockReservationRelease(TypedDict, total=False):
    """Gives up what has not left"""
    reason: str | None

class _InventoryStockReservationShip(TypedDict):
    shipment_id: str

class InventoryStockReservationShip(_InventoryStockReservationShip, total=False):
    """Ships what is kept, all of it or some"""
    lines: List[LeavingLine]

class _InventoryStockReservationState(TypedDict):
    lines: List[OpenLine]
    shipments: List[str]
    status: ReservationStatus

class InventoryStockReservationState(_InventoryStockReservationState, total=False):
    """A reservation's state"""
    customer_id: str | None
    expires_at: str | None
    reference: str | None

class _InventoryValuationSummaryRow(TypedDict):
    currency: str
    product_count: int
    value_minor: int
    warehouse_id: str
    warehouse_name: str

class InventoryValuationSummaryRow(_InventoryValuationSummaryRow, total=False):
    """What the stock of a warehouse is worth"""
    category: str | None

class _InventoryValuationRow(TypedDict):
    currency: str
    item_id: str
    product_id: str
    product_name: str
    quantity: int
    sku: str
    unit: str
    valuation: Valuation
    value_minor: int
    warehouse_id: str
    warehouse_name: str

class InventoryValuationRow(_InventoryValuationRow, total=False):
    """What an item is worth"""
    average_minor: float | None

class _InventoryWarehouseListRow(TypedDict):
    closed: bool
    created_at: str
    id: str
    name: str
    stocked_products: int
    updated_at: str
    version: int

class InventoryWarehouseListRow(_InventoryWarehouseListRow, total=False):
    """A warehouse"""
    address: str | None

class InventoryWarehouseSectionState(TypedDict):
    """A section's state"""
    stocked: int

class InventoryWarehouseClose(TypedDict, total=False):
    """Closes a warehouse that holds no stock"""

class _InventoryWarehouseOpen(TypedDict):
    name: str

class InventoryWarehouseOpen(_InventoryWarehouseOpen, total=False):
    """Opens a warehouse"""
    address: str | None

class InventoryWarehouseRename(TypedDict):
    """Gives a warehouse another name"""
    name: str

class InventoryWarehouseReopen(TypedDict, total=False):
    """Opens a closed warehouse again"""

class _InventoryWarehouseState(TypedDict):
    closed: bool
    name: str

class InventoryWarehouseState(_InventoryWarehouseState, total=False):
    """A warehouse's state"""
    address: str | None

class _InvoicingBillListRow(TypedDict):
    created_at: str
    credited_minor: int
    currency: str
    date: str
    due_date: str
    entries: List[BillEntry]
    id: str
    lines: List[BillLine]
    net_minor: int
    open_minor: int
    paid_minor: int
    payment_state: PaymentState
    status: BillStatus
    supplier_id: str
    supplier_name: str
    supplier_number: str
    tax_minor: int
    tax_mode: TaxMode
    taxes: List[TaxSum]
    total_minor: int
    updated_at: str
    version: int

class InvoicingBillListRow(_InvoicingBillListRow, total=False):
    """A bill"""
    approved_at: str | None
    approved_by: str | None
    disputed: str | None
    note: str | None
    purchase_order: str | None
    reason: str | None
    source_context: str | None
    source_id: str | None
    supplier_address: Address2 | None
    supplier_tax_id: str | None

InvoicingBillAddLine = "BillLineInput"
"""Adds a line, until the bill is approved"""

class InvoicingBillApprove(TypedDict, total=False):
    """Approves the bill: it is right and to be paid"""

class _InvoicingBillCredit(TypedDict):
    reference: str

class InvoicingBillCredit(_InvoicingBillCredit, total=False):
    """Records a credit note of the supplier: named lines, or an amount spread over all lines, or all that is left"""
    amount: Money | None
    date: str | None
    lines: List[LineCredit]
    reason: str | None

class InvoicingBillDispute(TypedDict):
    """Says that the bill is not accepted as it is"""
    reason: str

class _InvoicingBillEnter(TypedDict):
    currency: Currency
    date: str
    supplier_id: str
    supplier_name: str
    supplier_number: str

class InvoicingBillEnter(_InvoicingBillEnter, total=False):
    """Enters a bill as the supplier sent it"""
    due_date: str | None
    lines: List[BillLineInput]
    note: str | None
    purchase_order: str | None
    source: Source | None
    supplier_address: Address2 | None
    supplier_tax_id: str | None
    tax_mode: TaxMode
    total: Money | None

class InvoicingBillEraseSupplier(TypedDict):
    """Erases the supplier's data from the bill, once the time is over for which it must be kept"""
    reason: str

class _InvoicingBillImportLine(TypedDict):
    date: str
    description: str
    supplier_name: str
    unit_price: UnitPrice

class InvoicingBillImportLine(_InvoicingBillImportLine, total=False):
    """Adds a line of an imported bill, which the first line enters"""
    account: str | None
    discount: Discount | None
    due_date: str | None
    expense_role: ExpenseRole
    line_id: str | None
    note: str | None
    product_id: str | None
    quantity: str | float | None
    sku: str | None
    supplier_id: str | None
    supplier_number: str | None
    tax_amount: str | float | None
    tax_mode: TaxMode
    tax_rate_percent: str | float | None

class _InvoicingBillRecordPayment(TypedDict):
    amount: Money
    reference: str

class InvoicingBillRecordPayment(_InvoicingBillRecordPayment, total=False):
    """Records that the bill was paid, or a part of it; no more than is open"""
    date: str | None
    method: PaymentMethod

class _InvoicingBillRecordRefund(TypedDict):
    amount: Money
    reference: str

class InvoicingBillRecordRefund(_InvoicingBillRecordRefund, total=False):
    """Records that the supplier paid back what credit notes gave beyond what was open"""
    date: str | None
    method: PaymentMethod

class InvoicingBillRemoveLine(TypedDict):
    """Takes a line out, until the bill is approved"""
    line_id: str

class _InvoicingBillReversePayment(TypedDict):
    reason: str
    reference: str

class InvoicingBillReversePayment(_InvoicingBillReversePayment, total=False):
    """Records that a payment came back"""
    date: str | None

class InvoicingBillSettleDispute(TypedDict, total=False):
    """Settles a dispute"""
    note: str | None

class _InvoicingBillState(TypedDict):
    credit_notes: Dict[str, Any]
    credited: Dict[str, Any]
    erased: bool
    lines: List[BillLine]
    open_minor: int
    paid_minor: int
    payments: List[BillPayment]
    refunds: Dict[str, Any]
    status: BillStatus

class InvoicingBillState(_InvoicingBillState, total=False):
    """A bill's state"""
    disputed: str | None
    header: BillHeader | None
    totals: Totals | None

class InvoicingBillUpdate(TypedDict, total=False):
    """Changes what was entered, until it is approved: an absent field stays, `null` clears it"""
    date: str | None
    due_date: str | None
    note: str | None
    purchase_order: str | None
    supplier_address: Address2 | None
    supplier_name: str | None
    supplier_number: str | None
    supplier_tax_id: str | None
    tax_mode: TaxMode | None

class _InvoicingBillVoid(TypedDict):
    reason: str

class InvoicingBillVoid(_InvoicingBillVoid, total=False):
    """Makes the bill count as never come"""
    date: str | None

class _InvoicingCreditNoteListRow(TypedDict):
    applied_minor: int
    created_at: str
    currency: str
    customer_id: str
    customer_name: str
    date: str
    excess_minor: int
    id: str
    invoice_date: str
    invoice_id: str
    invoice_number: str
    lines: List[CreditLine]
    net_minor: int
    reason: str
    reference: str
    tax_minor: int
    taxes: List[TaxSum]
    total_minor: int

class InvoicingCreditNoteListRow(_InvoicingCreditNoteListRow, total=False):
    """A credit note"""
    customer_address: Address2 | None
    customer_email: str | None
    customer_tax_id: str | None
    issuer: IssuerFacts | None

class InvoicingCustomerAccountEraseCustomer(TypedDict):
    """Erases the customer's name from the account, once there is no credit left to be paid back"""
    reason: str

class _InvoicingCustomerAccountRefundCredit(TypedDict):
    amount: Money
    reference: str

class InvoicingCustomerAccountRefundCredit(_InvoicingCustomerAccountRefundCredit, total=False):
    """Records that credit was paid back to the customer"""
    date: str | None
    method: PaymentMethod

class _InvoicingCustomerAccountState(TypedDict):
    credit: Dict[str, int]
    refunds: Dict[str, Any]

class InvoicingCustomerAccountState(_InvoicingCustomerAccountState, total=False):
    """A customer account's state"""
    customer_name: str | None

class InvoicingCustomerCreditRow(TypedDict):
    """The credit of a customer in one currency"""
    added_minor: int
    credit_minor: int
    currency: str
    customer_id: str
    customer_name: str
    id: str
    refunded_minor: int
    updated_at: str
    used_minor: int

class _InvoicingCustomerPaymentAllocate(TypedDict):
    invoice_id: str

class InvoicingCustomerPaymentAllocate(_InvoicingCustomerPaymentAllocate, total=False):
    """A part of a payment, for one invoice"""
    amount: Money | None

class InvoicingCustomerPaymentEraseCustomer(TypedDict):
    """Erases the payer's name, once the time is over for which it must be kept"""
    reason: str

class _InvoicingCustomerPaymentReceive(TypedDict):
    amount: Money
    reference: str

class InvoicingCustomerPaymentReceive(_InvoicingCustomerPaymentReceive, total=False):
    """Records a payment of a customer"""
    allocations: List[Allocate]
    customer_id: str | None
    customer_name: str | None
    date: str | None
    invoice_id: str | None
    method: PaymentMethod

class _InvoicingCustomerPaymentRefund(TypedDict):
    reference: str

class InvoicingCustomerPaymentRefund(_InvoicingCustomerPaymentRefund, total=False):
    """Gives back what is for no invoice, or a part of it"""
    amount: Money | None
    date: str | None
    method: PaymentMethod | None

class _InvoicingCustomerPaymentReverse(TypedDict):
    reason: str

class InvoicingCustomerPaymentReverse(_InvoicingCustomerPaymentReverse, total=False):
    """Records that the whole payment went back: a cheque bounced, a direct debit was returned"""
    date: str | None

class _InvoicingCustomerPaymentState(TypedDict):
    allocations: List[Allocation]
    erased: bool
    refunds: List[List[Any]]
    reversed: bool
    unallocated_minor: int

class InvoicingCustomerPaymentState(_InvoicingCustomerPaymentState, total=False):
    """A customer payment's state"""
    received: CustomerPaymentReceived | None

class _InvoicingCustomerStatementRow(TypedDict):
    amount_minor: int
    balance_minor: int
    credit_minor: int
    currency: str
    date: str
    kind: str

class InvoicingCustomerStatementRow(_InvoicingCustomerStatementRow, total=False):
    """A line of a customer's statement"""
    document_id: str | None
    number: str | None
    reference: str | None

class _InvoicingInvoiceListRow(TypedDict):
    created_at: str
    credit_notes: List[CreditNoteEntry]
    credited_minor: int
    currency: str
    customer_id: str
    customer_name: str
    excess_minor: int
    id: str
    lines: List[InvoiceLine]
    net_minor: int
    open_minor: int
    overdue: bool
    paid_minor: int
    payment_state: PaymentState
    payments: List[PaymentEntry]
    reminder_level: int
    series: str
    status: InvoiceStatus
    tax_minor: int
    tax_mode: TaxMode
    taxes: List[TaxSum]
    total_minor: int
    updated_at: str
    version: int
    written_off_minor: int

class InvoicingInvoiceListRow(_InvoicingInvoiceListRow, total=False):
    """An invoice"""
    customer_address: Address2 | None
    customer_email: str | None
    customer_tax_id: str | None
    date: str | None
    due_at: str | None
    due_date: str | None
    issuer: IssuerFacts | None
    note: str | None
    number: str | None
    purchase_order: str | None
    reason: str | None
    reference: str | None
    reminded_at: str | None
    source_context: str | None
    source_id: str | None
    source_reference: str | None

InvoicingInvoiceAddLine = "InvoiceLineInput"
"""Adds a line to a draft"""

class _InvoicingInvoiceApplyCredit(TypedDict):
    reference: str

class InvoicingInvoiceApplyCredit(_InvoicingInvoiceApplyCredit, total=False):
    """Settles the invoice with credit of the customer"""
    amount: Money | None
    date: str | None

class InvoicingInvoiceCheckDue(TypedDict, total=False):
    """Looks whether the invoice is overdue, or a reminder due; sent by the clock, harmless at any time"""

class _InvoicingInvoiceCredit(TypedDict):
    reason: str
    reference: str

class InvoicingInvoiceCredit(_InvoicingInvoiceCredit, total=False):
    """Credits the invoice with a credit note of its own number: named lines, or an amount spread over all lines, or all that is left"""
    amount: Money | None
    date: str | None
    lines: List[LineCredit]
    net: Money | None
    series: str | None

class InvoicingInvoiceDiscard(TypedDict, total=False):
    """Throws a draft away"""
    reason: str | None

class _InvoicingInvoiceDraft(TypedDict):
    currency: Currency
    customer_id: str
    customer_name: str

class InvoicingInvoiceDraft(_InvoicingInvoiceDraft, total=False):
    """Drafts an invoice"""
    customer_address: Address2 | None
    customer_email: str | None
    customer_tax_id: str | None
    date: str | None
    due_date: str | None
    lines: List[InvoiceLineInput]
    note: str | None
    number: str | None
    payment_terms_days: int | None
    purchase_order: str | None
    reference: str | None
    series: str | None
    source: Source | None
    tax_mode: TaxMode

class InvoicingInvoiceEraseCustomer(TypedDict):
    """Erases the customer's data from the invoice, once the time is over for which it must be kept"""
    reason: str

class InvoicingInvoiceFinalize(TypedDict, total=False):
    """Makes a draft final: it takes the next number of its series, and its lines cannot be changed any more"""
    date: str | None

class _InvoicingInvoiceImportLine(TypedDict):
    customer_name: str
    description: str
    unit_price: UnitPrice

class InvoicingInvoiceImportLine(_InvoicingInvoiceImportLine, total=False):
    """Adds a line of an imported invoice to its draft, which the first line drafts"""
    account: str | None
    customer_address: Address2 | None
    customer_email: str | None
    customer_id: str | None
    customer_tax_id: str | None
    date: str | None
    discount: Discount | None
    due_date: str | None
    line_id: str | None
    note: str | None
    number: str | None
    product_id: str | None
    purchase_order: str | None
    quantity: str | float | None
    revenue_role: RevenueRole
    sku: str | None
    tax_amount: str | float | None
    tax_mode: TaxMode
    tax_rate_percent: str | float | None

class _InvoicingInvoiceRecordPayment(TypedDict):
    amount: Money
    reference: str

class InvoicingInvoiceRecordPayment(_InvoicingInvoiceRecordPayment, total=False):
    """Records a payment of this invoice"""
    date: str | None
    method: PaymentMethod

class _InvoicingInvoiceRefundPayment(TypedDict):
    amount: Money
    reason: str
    reference: str

class InvoicingInvoiceRefundPayment(_InvoicingInvoiceRefundPayment, total=False):
    """Records that money which had paid the invoice went back to the payer: a refund, or a chargeback that was lost"""
    date: str | None
    method: PaymentMethod

class InvoicingInvoiceRemoveLine(TypedDict):
    """Takes a line out of a draft"""
    line_id: str

class _InvoicingInvoiceReversePayment(TypedDict):
    reason: str
    reference: str

class InvoicingInvoiceReversePayment(_InvoicingInvoiceReversePayment, total=False):
    """Records that a payment went back: a cheque bounced, a direct debit was returned, a card payment was refunded"""
    date: str | None

class _InvoicingInvoiceState(TypedDict):
    credit_applied: Dict[str, Any]
    credit_notes: Dict[str, Any]
    credited: Dict[str, Any]
    erased: bool
    excess_minor: int
    lines: List[InvoiceLine]
    open_minor: int
    overdue: bool
    paid_minor: int
    payments: List[Payment]
    reminder_level: int
    status: InvoiceStatus
    written_off_minor: int

class InvoicingInvoiceState(_InvoicingInvoiceState, total=False):
    """An invoice's state"""
    header: Header | None
    issued: Issued | None
    refunds: Dict[str, Any]
    totals: Totals | None

class InvoicingInvoiceUpdate(TypedDict, total=False):
    """Changes what a draft says: an absent field stays, `null` clears it"""
    currency: Currency | None
    customer_address: Address2 | None
    customer_email: str | None
    customer_id: str | None
    customer_name: str | None
    customer_tax_id: str | None
    date: str | None
    due_date: str | None
    note: str | None
    payment_terms_days: int | None
    purchase_order: str | None
    reference: str | None
    series: str | None
    tax_mode: TaxMode | None

class _InvoicingInvoiceVoid(TypedDict):
    reason: str

class InvoicingInvoiceVoid(_InvoicingInvoiceVoid, total=False):
    """Makes the invoice count as never sent"""
    date: str | None

class _InvoicingInvoiceWriteOff(TypedDict):
    reason: str

class InvoicingInvoiceWriteOff(_InvoicingInvoiceWriteOff, total=False):
    """Gives up what is open"""
    date: str | None

class InvoicingIssuerProfileRow(TypedDict):
    """The issuer"""
    facts: IssuerFacts
    id: str
    name: str
    payment_terms_days: int
    reminder_days: List[int]
    updated_at: str
    version: int

class InvoicingIssuerDefine(TypedDict, total=False):
    """Says who sends the invoices"""
    address: Address2 | None
    bank_account: BankAccount | None
    email: str | None
    footer: str | None
    name: str | None
    payment_note: str | None
    payment_terms_days: int | None
    phone: str | None
    registration_number: str | None
    reminder_days: List[int] | None
    tax_id: str | None
    website: str | None

class _InvoicingIssuerState(TypedDict):
    payment_terms_days: int
    reminder_days: List[int]

class InvoicingIssuerState(_InvoicingIssuerState, total=False):
    """The issuer's state"""
    facts: IssuerFacts | None

class _InvoicingMovementListRow(TypedDict):
    amount_minor: int
    created_at: str
    credit_minor: int
    currency: str
    date: str
    id: str
    kind: MovementKind2
    party_id: str
    position: int
    side: Side2

class InvoicingMovementListRow(_InvoicingMovementListRow, total=False):
    """A movement of debt or credit"""
    document_id: str | None
    number: str | None
    reference: str | None

class _InvoicingNumberSeriesListRow(TypedDict):
    id: str
    retired: bool
    taken: int
    updated_at: str
    version: int
    yearly: bool

class InvoicingNumberSeriesListRow(_InvoicingNumberSeriesListRow, total=False):
    """A number series"""
    last_number: str | None
    padding: int | None
    prefix: str | None

class _InvoicingNumberSeriesDefine(TypedDict):
    prefix: str

class InvoicingNumberSeriesDefine(_InvoicingNumberSeriesDefine, total=False):
    """Says how the numbers of a series look"""
    next_number: int | None
    padding: int | None
    yearly: bool

class InvoicingNumberSeriesRetire(TypedDict, total=False):
    """Takes a series out of use"""

class _InvoicingNumberSeriesState(TypedDict):
    first: int
    last: Dict[str, Any]
    retired: bool

class InvoicingNumberSeriesState(_InvoicingNumberSeriesState, total=False):
    """A number series' state"""
    format: NumberFormat | None

class InvoicingPayablesAgeingRow(TypedDict):
    """What one supplier is owed in one currency"""
    bill_count: int
    currency: str
    days_1_to_30_minor: int
    days_31_to_60_minor: int
    days_61_to_90_minor: int
    days_over_90_minor: int
    disputed_minor: int
    not_due_minor: int
    oldest_days: int
    open_minor: int
    supplier_id: str
    supplier_name: str

class _InvoicingPaymentListRow(TypedDict):
    allocations: List[Part]
    amount_minor: int
    created_at: str
    currency: str
    date: str
    direction: Direction
    document_id: str
    id: str
    kind: PaymentKind
    method: PaymentMethod
    party_id: str
    party_name: str
    reference: str
    reversed: bool
    unallocated_minor: int
    updated_at: str

class InvoicingPaymentListRow(_InvoicingPaymentListRow, total=False):
    """A payment or refund"""
    reason: str | None
    reversed_on: str | None

class InvoicingReceivablesAgeingRow(TypedDict):
    """What one customer owes in one currency"""
    currency: str
    customer_id: str
    customer_name: str
    days_1_to_30_minor: int
    days_31_to_60_minor: int
    days_61_to_90_minor: int
    days_over_90_minor: int
    invoice_count: int
    not_due_minor: int
    oldest_days: int
    open_minor: int

class InvoicingReceivablesSummaryRow(TypedDict):
    """What is owed in one currency, both ways"""
    credit_minor: int
    currency: str
    draft_count: int
    draft_minor: int
    open_count: int
    open_minor: int
    overdue_count: int
    overdue_minor: int
    payable_count: int
    payable_minor: int
    written_off_minor: int

class _InvoicingRemindersDueRow(TypedDict):
    currency: str
    customer_id: str
    customer_name: str
    date: str
    days_overdue: int
    due_date: str
    invoice_id: str
    number: str
    open_minor: int
    reminder_level: int
    total_minor: int

class InvoicingRemindersDueRow(_InvoicingRemindersDueRow, total=False):
    """An overdue invoice"""
    customer_email: str | None
    reminded_at: str | None

class InvoicingRevenueByMonthRow(TypedDict):
    """What was invoiced and credited in one month and currency"""
    credit_note_count: int
    credited_minor: int
    credited_net_minor: int
    currency: str
    invoice_count: int
    month: str
    net_minor: int
    revenue_minor: int
    tax_minor: int
    total_minor: int

class InvoicingTaxSummaryRow(TypedDict):
    """Taxes of one category, rate and currency"""
    currency: str
    net_minor: int
    side: str
    tax_category: str
    tax_minor: int
    tax_rate_percent: str

class _SchedulingFiringListRow(TypedDict):
    decided_at: str
    id: str
    outcome: Outcome2
    scheduled_for: str
    timer_id: str

class SchedulingFiringListRow(_SchedulingFiringListRow, total=False):
    """An occurrence of a timer, or several that were let go together"""
    next_at: str | None
    number: int | None
    target_aggregate: str | None
    target_command: str | None
    target_context: str | None
    target_id: str | None

class _SchedulingTimerListRow(TypedDict):
    catch_up: CatchUp
    created_at: str
    expression: str
    fired: int
    grace_seconds: int
    id: str
    kind: str
    name: str
    scheduled_by: str
    status: Status2
    target_aggregate: str
    target_command: str
    target_context: str
    updated_at: str
    version: int
    zone: str

class SchedulingTimerListRow(_SchedulingTimerListRow, total=False):
    """A timer"""
    body: Any
    due_at: str | None
    last_scheduled_for: str | None
    next_at: str | None
    reason: str | None
    target_id: str | None
    until: str | None

class SchedulingTimerCancel(TypedDict, total=False):
    """Ends a timer for good"""
    reason: str | None

class SchedulingTimerFire(TypedDict, total=False):
    """Fires what is due"""

class SchedulingTimerPause(TypedDict, total=False):
    """Lets a timer fire no more until it is resumed"""
    reason: str | None

class _SchedulingTimerReschedule(TypedDict):
    schedule: Schedule

class SchedulingTimerReschedule(_SchedulingTimerReschedule, total=False):
    """Gives a timer other times"""
    until: str | None
    zone: str | None

class SchedulingTimerResume(TypedDict, total=False):
    """Lets a paused timer go on with the next occurrence"""

class _SchedulingTimerSchedule(TypedDict):
    command: StoredCommand
    name: str
    schedule: Schedule

class SchedulingTimerSchedule(_SchedulingTimerSchedule, total=False):
    """Sets a timer, which sends a command when its time comes"""
    catch_up: CatchUp
    grace_seconds: int
    until: str | None
    zone: str | None

class _SchedulingTimerState(TypedDict):
    fired: int
    status: TimerStatus

class SchedulingTimerState(_SchedulingTimerState, total=False):
    """A timer's state"""
    next_at: str | None
    setting: TimerScheduled | None

class _WebhooksEndpointListRow(TypedDict):
    begin_at: Begin
    contexts: List[str]
    created_at: str
    id: str
    registered_by: str
    replays: int
    roles: List[str]
    secrets: List[SigningSecret]
    status: EndpointStatus
    subjects: List[str]
    types: List[str]
    updated_at: str
    url: str
    version: int

class WebhooksEndpointListRow(_WebhooksEndpointListRow, total=False):
    """An endpoint"""
    cause: Cause | None
    description: str | None
    detail: str | None

class WebhooksEndpointChange(TypedDict, total=False):
    """Changes what is given, and leaves the rest"""
    description: str | None
    filter: EventFilter | None
    roles: List[str] | None
    url: str | None

class WebhooksEndpointDisable(TypedDict, total=False):
    """Lets nothing be delivered until the endpoint is enabled"""
    cause: Cause
    detail: str | None

class WebhooksEndpointEnable(TypedDict, total=False):
    """Lets the endpoint be delivered to again, beginning with what happened meanwhile"""

class _WebhooksEndpointRegister(TypedDict):
    url: str

class WebhooksEndpointRegister(_WebhooksEndpointRegister, total=False):
    """Registers an address that is told of events"""
    begin: Begin
    description: str | None
    filter: EventFilter
    roles: List[str] | None

class WebhooksEndpointRemove(TypedDict, total=False):
    """Removes the endpoint for good"""

class WebhooksEndpointReplay(TypedDict, total=False):
    """Has events delivered again: from a time on, from positions on, or single ones"""
    after: List[str]
    events: List[str]
    since: str | None

class WebhooksEndpointRevokeSecret(TypedDict):
    """Lets a secret that was replaced sign no more"""
    secret_id: str

class WebhooksEndpointRotateSecret(TypedDict, total=False):
    """Makes a new secret, which the answer holds this once"""
    overlap_seconds: int

class _WebhooksEndpointState(TypedDict):
    replays: int
    secrets: List[SigningSecret]
    status: EndpointStatus

class WebhooksEndpointState(_WebhooksEndpointState, total=False):
    """An endpoint's state"""
    setting: EndpointChanged | None

class _WebhooksReplayListRow(TypedDict):
    after: List[str]
    endpoint_id: str
    events: List[str]
    id: str
    number: int
    requested_at: str
    requested_by: str

class WebhooksReplayListRow(_WebhooksReplayListRow, total=False):
    """A replay"""
    since: str | None

AccountingAccountListColumn = Literal['id', 'name', 'type', 'subtype', 'currency', 'normal_side', 'control', 'closed', 'limit_minor', 'pending_minor', 'version', 'created_at', 'updated_at']

AccountingAccountListSort = Literal['id', '-id']

AccountingHoldListColumn = Literal['id', 'account', 'side', 'currency', 'amount_minor', 'status', 'posted_minor', 'entry_id', 'description', 'reference', 'party', 'expires_at', 'due_at', 'version', 'created_at', 'updated_at']

AccountingHoldListSort = Literal['id', '-id', 'created_at', '-created_at']

AccountingJournalEntryListColumn = Literal['id', 'date', 'document_date', 'description', 'reference', 'source', 'party', 'currency', 'total_minor', 'lines', 'reverses', 'hold_id', 'reversed_by', 'reversed_on', 'evidence', 'position', 'posted_by', 'version', 'recorded_at']

AccountingJournalEntryListSort = Literal['id', '-id', 'date', '-date', 'position', '-position']

AccountingLedgerLineListColumn = Literal['id', 'entry_id', 'account', 'currency', 'date', 'debit_minor', 'credit_minor', 'party', 'reference', 'control', 'item', 'memo', 'position', 'recorded_at']

AccountingLedgerLineListSort = Literal['id', '-id']

AccountingPeriodListColumn = Literal['id', 'first_day', 'fiscal_year_start_month', 'closed_through', 'reopened_reason', 'version', 'updated_at']

AccountingPeriodListSort = Literal['id', '-id']

AccountingPostingRoleListColumn = Literal['id', 'role', 'currency', 'account', 'updated_at']

AccountingPostingRoleListSort = Literal['id', '-id']

AccountingStockCheckListColumn = Literal['id', 'event_id', 'event_type', 'currency', 'expected_minor', 'posted_minor', 'difference_minor', 'expected_at', 'posted_at', 'entries']

AccountingStockCheckListSort = Literal['id', '-id']

AccountingSubledgerCheckListColumn = Literal['id', 'event_id', 'event_type', 'subledger', 'currency', 'expected_minor', 'posted_minor', 'difference_minor', 'expected_at', 'posted_at', 'entries']

AccountingSubledgerCheckListSort = Literal['id', '-id']

AnalyticsExportListColumn = Literal['id', 'context', 'source', 'question', 'format', 'status', 'requested_by', 'query_id', 'scheduled_for', 'requested_at', 'ended_at', 'rows', 'bytes', 'files', 'manifest_sha256', 'positions', 'one_state', 'expires_at', 'due_at', 'failure_code', 'failure_reason', 'version']

AnalyticsExportListSort = Literal['id', '-id', 'requested_at', '-requested_at']

AnalyticsQueryListColumn = Literal['id', 'name', 'sort_name', 'description', 'context', 'source', 'question', 'parameters', 'chart', 'owner', 'shared_with', 'revision', 'cron', 'time_zone', 'schedule_format', 'due_at', 'last_run_at', 'last_export_id', 'version', 'created_at', 'updated_at']

AnalyticsQueryListSort = Literal['id', '-id', 'sort_name', '-sort_name', 'created_at', '-created_at']

AnalyticsSaleListColumn = Literal['id', 'kind', 'document_id', 'invoice_id', 'number', 'line_id', 'date', 'currency', 'customer_id', 'product_id', 'sku', 'product', 'quantity', 'net_minor', 'tax_minor', 'recorded_at']

AnalyticsSaleListSort = Literal['id', '-id', 'date', '-date']

BillingBillListColumn = Literal['id', 'subscription_id', 'kind', 'customer_id', 'customer_name', 'plan_id', 'plan_version', 'plan_name', 'period_start', 'period_end', 'total_minor', 'currency', 'lines', 'credit_left_minor', 'due_on', 'billed_at']

BillingBillListSort = Literal['id', '-id', 'billed_at', '-billed_at']

BillingCheckoutListColumn = Literal['id', 'kind', 'customer_id', 'plan_id', 'quantity', 'status', 'url', 'external_id', 'external_subscription', 'expires_at', 'error_code', 'error_message', 'opened_at', 'version', 'updated_at']

BillingCheckoutListSort = Literal['id', '-id', 'opened_at', '-opened_at']

BillingCustomerListColumn = Literal['id', 'name', 'email', 'country', 'tax_id', 'tax_exempt', 'erased', 'external_id', 'version', 'created_at', 'updated_at']

BillingCustomerListSort = Literal['id', '-id', 'created_at', '-created_at']

BillingDriftListColumn = Literal['id', 'reconciliation_id', 'kind', 'object', 'object_id', 'external_id', 'ours', 'theirs', 'repaired', 'note', 'found_at']

BillingDriftListSort = Literal['id', '-id', 'found_at', '-found_at']

BillingMrrMovementColumn = Literal['id', 'subscription_id', 'customer_id', 'plan_id', 'kind', 'currency', 'before_minor', 'after_minor', 'delta_minor', 'at']

BillingMrrMovementSort = Literal['id', '-id', 'at', '-at']

BillingPaymentListColumn = Literal['id', 'customer_id', 'customer_name', 'subscription_id', 'invoice_id', 'reference', 'status', 'amount_minor', 'currency', 'authorized_minor', 'captured_minor', 'refunded_minor', 'refund_requested_minor', 'disputed_minor', 'charged_back_minor', 'refunds', 'disputes', 'due_on', 'overdue', 'overdue_since', 'attempt', 'step', 'error_code', 'error_message', 'action_url', 'method', 'external_id', 'requested_at', 'captured_at', 'due_at', 'version', 'updated_at']

BillingPaymentListSort = Literal['id', '-id', 'due_on', '-due_on', 'requested_at', '-requested_at']

BillingPlanListColumn = Literal['id', 'name', 'description', 'plan_version', 'retired', 'interval_unit', 'interval_count', 'price_minor', 'currency', 'monthly_minor', 'trial_days', 'tax_rate_percent', 'charges', 'entitlements', 'external_price_id', 'version', 'created_at', 'updated_at']

BillingPlanListSort = Literal['id', '-id', 'price_minor', '-price_minor']

BillingReconciliationListColumn = Literal['id', 'provider', 'started_at', 'finished_at', 'compared', 'drift_count', 'repaired_count']

BillingReconciliationListSort = Literal['id', '-id', 'finished_at', '-finished_at']

BillingSubscriptionListColumn = Literal['id', 'customer_id', 'customer_name', 'plan_id', 'plan_name', 'plan_version', 'status', 'billed_by', 'quantity', 'price_minor', 'currency', 'interval_unit', 'interval_count', 'net_days', 'recurring_minor', 'credit_minor', 'started_at', 'trial_end', 'period_start', 'period_end', 'cancel_at', 'cancel_reason', 'scheduled_plan_id', 'scheduled_quantity', 'ended_at', 'end_reason', 'entitled', 'entitlements', 'overrides', 'overdue_payments', 'suspended_by', 'provider_status', 'external_id', 'due_at', 'version', 'updated_at']

BillingSubscriptionListSort = Literal['id', '-id', 'started_at', '-started_at', 'period_end', '-period_end']

BillingUsageListColumn = Literal['id', 'subscription_id', 'customer_id', 'metric', 'period_start', 'count', 'sum', 'max', 'latest', 'unique_count', 'closed', 'updated_at']

BillingUsageListSort = Literal['id', '-id', 'period_start', '-period_start']

CrmActivityTimelineColumn = Literal['id', 'kind', 'subject', 'status', 'at', 'due_at', 'duration_minutes', 'completed_at', 'outcome', 'cancel_reason', 'assignee', 'contact_id', 'company_id', 'deal_id', 'lead_id', 'note', 'version', 'created_at', 'updated_at']

CrmActivityTimelineSort = Literal['id', '-id', 'at', '-at']

CrmCompanyListColumn = Literal['id', 'name', 'sort_name', 'domain', 'website', 'industry', 'employees', 'annual_revenue_minor', 'annual_revenue_currency', 'phone', 'address', 'city', 'country', 'owner', 'tags', 'note', 'custom', 'parent_id', 'merged_ids', 'version', 'created_at', 'updated_at']

CrmCompanyListSort = Literal['id', '-id', 'sort_name', '-sort_name', 'created_at', '-created_at']

CrmContactListColumn = Literal['id', 'display_name', 'sort_name', 'given_name', 'family_name', 'email', 'phone', 'job_title', 'company_id', 'company_name', 'address', 'city', 'country', 'owner', 'source', 'tags', 'note', 'custom', 'merged_ids', 'version', 'created_at', 'updated_at']

CrmContactListSort = Literal['id', '-id', 'sort_name', '-sort_name', 'created_at', '-created_at']

CrmCustomFieldListColumn = Literal['id', 'entity', 'key', 'label', 'type', 'options', 'retired', 'version', 'created_at', 'updated_at']

CrmCustomFieldListSort = Literal['id', '-id']

CrmDealListColumn = Literal['id', 'name', 'status', 'pipeline_id', 'stage_id', 'stage_name', 'probability_percent', 'stage_entered_at', 'amount_minor', 'currency', 'weighted_minor', 'contact_id', 'company_id', 'owner', 'expected_close', 'source', 'tags', 'note', 'custom', 'opened_at', 'closed_at', 'closed_on', 'lost_reason', 'competitor', 'loss_note', 'version', 'updated_at']

CrmDealListSort = Literal['id', '-id', 'amount_minor', '-amount_minor', 'expected_close', '-expected_close', 'opened_at', '-opened_at']

CrmDealStageHistoryColumn = Literal['id', 'deal_id', 'number', 'pipeline_id', 'stage_id', 'stage_name', 'probability_percent', 'from_stage_id', 'to_stage_id', 'entered_at', 'left_at', 'seconds', 'outcome']

CrmDealStageHistorySort = Literal['id', '-id', 'entered_at', '-entered_at']

CrmLeadListColumn = Literal['id', 'display_name', 'status', 'status_reason', 'status_changed_at', 'rest_until', 'given_name', 'family_name', 'email', 'phone', 'job_title', 'company_name', 'website', 'address', 'city', 'country', 'owner', 'source', 'tags', 'note', 'custom', 'estimated_value_minor', 'estimated_value_currency', 'score', 'score_version', 'score_reasons', 'activities', 'last_activity_at', 'contact_id', 'company_id', 'deal_id', 'version', 'created_at', 'updated_at']

CrmLeadListSort = Literal['id', '-id', 'score', '-score', 'created_at', '-created_at']

CrmPipelineListColumn = Literal['id', 'name', 'stages', 'retired_stages', 'version', 'created_at', 'updated_at']

CrmPipelineListSort = Literal['id', '-id', 'name', '-name', 'created_at', '-created_at']

InventoryLayerListColumn = Literal['id', 'layer', 'item_id', 'product_id', 'sku', 'warehouse_id', 'received_on', 'quantity', 'value_minor']

InventoryLayerListSort = Literal['id', '-id', 'received_on', '-received_on']

InventoryMovementListColumn = Literal['id', 'movement_id', 'kind', 'item_id', 'product_id', 'sku', 'warehouse_id', 'other_warehouse_id', 'quantity', 'value_minor', 'expensed_minor', 'currency', 'on_hand', 'stock_value_minor', 'counted', 'reason', 'reference', 'customer_id', 'supplier', 'shipment_id', 'reservation_id', 'note', 'effective_on', 'booked_on', 'recorded_at']

InventoryMovementListSort = Literal['id', '-id', 'recorded_at', '-recorded_at']

InventoryProductListColumn = Literal['id', 'sku', 'name', 'sort_name', 'unit', 'currency', 'valuation', 'price_minor', 'price_currency', 'cost_minor', 'description', 'category', 'barcode', 'supplier', 'reorder_point', 'reorder_quantity', 'safety_stock', 'discontinued', 'version', 'created_at', 'updated_at']

InventoryProductListSort = Literal['id', '-id', 'sku', '-sku', 'sort_name', '-sort_name', 'created_at', '-created_at']

InventoryReorderSuggestionListColumn = Literal['id', 'item_id', 'product_id', 'sku', 'product_name', 'warehouse_id', 'supplier', 'status', 'level', 'reorder_point', 'quantity', 'ordered_quantity', 'reference', 'reason', 'version', 'created_at', 'decided_at']

InventoryReorderSuggestionListSort = Literal['id', '-id', 'created_at', '-created_at']

InventoryReservationListColumn = Literal['id', 'reservation_id', 'aggregate_id', 'product_id', 'sku', 'warehouse_id', 'status', 'quantity', 'open_quantity', 'joint', 'reference', 'expires_at', 'due_at', 'created_at', 'updated_at']

InventoryReservationListSort = Literal['id', '-id', 'created_at', '-created_at']

InventoryStockListColumn = Literal['id', 'product_id', 'sku', 'product_name', 'warehouse_id', 'warehouse_name', 'unit', 'on_hand', 'reserved', 'allocated', 'safety_stock', 'available', 'valuation', 'currency', 'value_minor', 'reorder_point', 'reorder_quantity', 'low', 'below', 'due_at', 'discontinued', 'last_received_on', 'last_shipped_on', 'last_counted_on', 'version', 'created_at', 'updated_at']

InventoryStockListSort = Literal['id', '-id', 'sku', '-sku', 'available', '-available', 'value_minor', '-value_minor']

InventoryStockReservationListColumn = Literal['id', 'status', 'lines', 'quantity', 'shipped', 'reference', 'customer_id', 'expires_at', 'due_at', 'reason', 'version', 'created_at', 'updated_at']

InventoryStockReservationListSort = Literal['id', '-id', 'created_at', '-created_at']

InventoryWarehouseListColumn = Literal['id', 'name', 'address', 'closed', 'stocked_products', 'version', 'created_at', 'updated_at']

InventoryWarehouseListSort = Literal['id', '-id', 'name', '-name']

InvoicingBillListColumn = Literal['id', 'supplier_number', 'status', 'payment_state', 'disputed', 'supplier_id', 'supplier_name', 'supplier_address', 'supplier_tax_id', 'currency', 'tax_mode', 'date', 'due_date', 'purchase_order', 'note', 'source_context', 'source_id', 'net_minor', 'tax_minor', 'total_minor', 'open_minor', 'paid_minor', 'credited_minor', 'taxes', 'lines', 'entries', 'approved_by', 'approved_at', 'reason', 'version', 'created_at', 'updated_at']

InvoicingBillListSort = Literal['id', '-id', 'date', '-date', 'due_date', '-due_date', 'total_minor', '-total_minor', 'open_minor', '-open_minor', 'created_at', '-created_at']

InvoicingCreditNoteListColumn = Literal['id', 'invoice_id', 'invoice_number', 'invoice_date', 'date', 'customer_id', 'customer_name', 'customer_address', 'customer_email', 'customer_tax_id', 'currency', 'net_minor', 'tax_minor', 'total_minor', 'applied_minor', 'excess_minor', 'taxes', 'lines', 'issuer', 'reason', 'reference', 'created_at']

InvoicingCreditNoteListSort = Literal['id', '-id', 'date', '-date']

InvoicingCustomerCreditColumn = Literal['id', 'customer_id', 'customer_name', 'currency', 'credit_minor', 'added_minor', 'used_minor', 'refunded_minor', 'updated_at']

InvoicingCustomerCreditSort = Literal['id', '-id', 'credit_minor', '-credit_minor']

InvoicingInvoiceListColumn = Literal['id', 'number', 'status', 'payment_state', 'customer_id', 'customer_name', 'customer_address', 'customer_email', 'customer_tax_id', 'currency', 'tax_mode', 'series', 'date', 'due_date', 'purchase_order', 'reference', 'note', 'source_context', 'source_id', 'source_reference', 'net_minor', 'tax_minor', 'total_minor', 'open_minor', 'paid_minor', 'excess_minor', 'credited_minor', 'written_off_minor', 'taxes', 'lines', 'payments', 'credit_notes', 'issuer', 'reason', 'overdue', 'reminder_level', 'reminded_at', 'due_at', 'version', 'created_at', 'updated_at']

InvoicingInvoiceListSort = Literal['id', '-id', 'number', '-number', 'date', '-date', 'due_date', '-due_date', 'total_minor', '-total_minor', 'open_minor', '-open_minor', 'created_at', '-created_at']

InvoicingIssuerProfileColumn = Literal['id', 'name', 'facts', 'payment_terms_days', 'reminder_days', 'version', 'updated_at']

InvoicingIssuerProfileSort = Literal['id', '-id']

InvoicingMovementListColumn = Literal['id', 'side', 'kind', 'party_id', 'document_id', 'number', 'reference', 'date', 'currency', 'amount_minor', 'credit_minor', 'position', 'created_at']

InvoicingMovementListSort = Literal['id', '-id', 'date', '-date']

InvoicingNumberSeriesListColumn = Literal['id', 'prefix', 'padding', 'yearly', 'taken', 'last_number', 'retired', 'version', 'updated_at']

InvoicingNumberSeriesListSort = Literal['id', '-id']

InvoicingPaymentListColumn = Literal['id', 'direction', 'kind', 'party_id', 'party_name', 'document_id', 'date', 'method', 'reference', 'currency', 'amount_minor', 'unallocated_minor', 'allocations', 'reversed', 'reversed_on', 'reason', 'created_at', 'updated_at']

InvoicingPaymentListSort = Literal['id', '-id', 'date', '-date', 'amount_minor', '-amount_minor']

SchedulingFiringListColumn = Literal['id', 'timer_id', 'outcome', 'number', 'scheduled_for', 'decided_at', 'next_at', 'target_context', 'target_aggregate', 'target_id', 'target_command']

SchedulingFiringListSort = Literal['id', '-id', 'scheduled_for', '-scheduled_for', 'decided_at', '-decided_at']

SchedulingTimerListColumn = Literal['id', 'name', 'status', 'due_at', 'next_at', 'kind', 'expression', 'zone', 'until', 'catch_up', 'grace_seconds', 'target_context', 'target_aggregate', 'target_id', 'target_command', 'body', 'scheduled_by', 'fired', 'last_scheduled_for', 'reason', 'version', 'created_at', 'updated_at']

SchedulingTimerListSort = Literal['id', '-id', 'next_at', '-next_at', 'created_at', '-created_at']

WebhooksEndpointListColumn = Literal['id', 'url', 'description', 'status', 'contexts', 'types', 'subjects', 'roles', 'begin_at', 'secrets', 'cause', 'detail', 'replays', 'registered_by', 'version', 'created_at', 'updated_at']

WebhooksEndpointListSort = Literal['id', '-id', 'created_at', '-created_at']

WebhooksReplayListColumn = Literal['id', 'endpoint_id', 'number', 'since', 'after', 'events', 'requested_by', 'requested_at']

WebhooksReplayListSort = Literal['id', '-id', 'requested_at', '-requested_at']

class AnalyticsExportFilesAnswerFilesItem(TypedDict):
    bytes: int
    href: str
    name: str
    rows: int
    sha256: str

class _AnalyticsExportFilesAnswer(TypedDict):
    bytes: int
    expires_at: str | None
    files: List[AnalyticsExportFilesAnswerFilesItem]
    format: str
    id: str
    one_state: bool
    positions: List[str]
    rows: int
    rows_expected: int | None
    status: Literal['requested', 'completed', 'failed', 'cancelled']

class AnalyticsExportFilesAnswerFailure(TypedDict, total=False):
    code: str
    reason: str

class AnalyticsExportFilesAnswer(_AnalyticsExportFilesAnswer, total=False):
    failure: AnalyticsExportFilesAnswerFailure
    manifest: str

class _AnalyticsQueryRunAnswer(TypedDict):
    as_of: AsOf
    data: List[Dict[str, Any]]

class AnalyticsQueryRunAnswer(_AnalyticsQueryRunAnswer, total=False):
    next_cursor: str | None

class AuditCheckpointAnswer(TypedDict):
    note: str
    root: str
    size: int
    tenant_id: str

_NamedAuditConsistencyAnswer = TypedDict("_NamedAuditConsistencyAnswer", {"checkpoint": "str | None", "from": "int", "from_root": "str", "proof": "List[str]", "to": "int", "to_root": "str"})

class AuditConsistencyAnswer(_NamedAuditConsistencyAnswer):
    pass

class AuditEventProofAnswerRecord(TypedDict):
    aggregate_id: str
    aggregate_type: str
    context: str
    event_id: str
    event_type: str
    event_version: str
    index: int
    leaf_hash: str
    metadata: str
    partition: int
    payload: str | None
    payload_digest: str
    payload_salt: str | None
    position: int
    recorded_at: str
    sequence: int

class AuditEventProofAnswer(TypedDict):
    checkpoint: str
    proof: List[str]
    record: AuditEventProofAnswerRecord
    root: str
    tree_size: int

class AuditKeysAnswerKeysItem(TypedDict):
    active: bool
    key: str

class AuditKeysAnswer(TypedDict):
    keys: List[AuditKeysAnswerKeysItem]

class _WebhooksEndpointDeliveriesAnswerDataItem(TypedDict):
    attempts: int
    duration_ms: int
    event_id: str
    first_attempt_at: str
    last_attempt_at: str
    position: str
    status: Literal['retrying', 'delivered', 'failed']
    subject: str
    type: str

class WebhooksEndpointDeliveriesAnswerDataItem(_WebhooksEndpointDeliveriesAnswerDataItem, total=False):
    detail: str | None
    http_status: int | None
    next_attempt_at: str | None
    reason: str | None

class WebhooksEndpointDeliveriesAnswer(TypedDict):
    data: List[WebhooksEndpointDeliveriesAnswerDataItem]
    next_cursor: str | None

class _FeaturesAnswerDataItem(TypedDict):
    feature: str
    value: bool | int | str

class FeaturesAnswerDataItem(_FeaturesAnswerDataItem, total=False):
    used: int

class FeaturesAnswer(TypedDict):
    data: List[FeaturesAnswerDataItem]

class SeriesAnswerSeriesItemForecastItem(TypedDict):
    date: str
    high: float
    low: float
    value: float

class SeriesAnswerSeriesItemPointsItem(TypedDict):
    date: str
    score: float | None
    unusual: bool
    usual: float
    value: float

class _SeriesAnswerSeriesItem(TypedDict):
    forecast: List[SeriesAnswerSeriesItemForecastItem]
    group: str | None
    points: List[SeriesAnswerSeriesItemPointsItem]

class SeriesAnswerSeriesItem(_SeriesAnswerSeriesItem, total=False):
    method: Literal['seasonal_naive', 'exponential_smoothing']

class SeriesAnswer(TypedDict):
    as_of: AsOf
    bucket: Literal['day', 'week', 'month']
    season: int
    series: List[SeriesAnswerSeriesItem]
    source: str
