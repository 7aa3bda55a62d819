// The types of commands and rows. Written by clients/generate.py from schemas/openapi.json; changes here are lost.

/** What an activity is about. */
export type About = { company_id?: string | null; contact_id?: string | null; deal_id?: string | null; lead_id?: string | null };
/** Where an account stands in the statements. */
export type AccountType = "asset" | "liability" | "equity" | "revenue" | "expense";
/** The activity will not be done. */
export type ActivityCancelled = { reason?: string | null };
/** The activity was done. */
export type ActivityCompleted = { completed_at: string; outcome?: string | null };
/** What is done. */
export type ActivityKind = "call" | "meeting" | "email" | "task" | "note";
/** An activity. */
export type ActivityRow = { assignee?: string | null; at: string; cancel_reason?: string | null; company_id?: string | null; completed_at?: string | null; contact_id?: string | null; created_at: string; deal_id?: string | null; due_at: string; duration_minutes?: number | null; id: string; kind: ActivityKind; lead_id?: string | null; note?: string | null; outcome?: string | null; status: ActivityState; subject: string; updated_at: string; version: number };
/** An activity was planned. */
export type ActivityScheduled = { about: About; assignee?: string | null; due_at: string; duration_minutes?: number | null; kind: ActivityKind; note?: string | null; subject: string };
/** Where an activity stands. */
export type ActivityState = "scheduled" | "completed" | "cancelled";
/** Where an activity stands. */
export type ActivityStatus = { state: "planned" } | ActivityCompleted & { state: "completed" } | ActivityCancelled & { state: "cancelled" };
/** A postal address. */
export type Address = { city?: string | null; country?: string | null; postal_code?: string | null; region?: string | null; street?: string | null };
/** A postal address. */
export type Address2 = { city?: string | null; country?: string | null; postal_code?: string | null; region?: string | null; street?: string | null };
/** A postal address; its country is a field of its own. */
export type Address3 = { city?: string | null; postal_code?: string | null; region?: string | null; street?: string | null };
/** How the records of a period become one number. */
export type Aggregation = "count" | "sum" | "max" | "unique_count" | "latest";
/** A part of a payment, for one invoice. */
export type Allocate = { amount?: Money | null; invoice_id: string };
/** A part of a payment that is for one invoice. */
export type Allocation = { amount: Money; applied: Money; excess: Money; invoice_id: string; number: string; recovered: Money };
/** A template in a currency. */
export type Applied = { currency: Currency; template: Template };
/** What the answer includes. */
export type AsOf = { lag_events: number; positions: string[] };
/** What a warehouse can promise. */
export type AvailableIn = { allocated: number; available: number; item_id: string; on_hand: number; reserved: number; safety_stock: number; warehouse_id: string; warehouse_name: string };
/** Where customers pay to. */
export type BankAccount = { bank_code?: string | null; bank_name?: string | null; holder?: string | null; number: string };
/** With which events an endpoint begins. */
export type Begin = "now" | "start";
/** A payment, credit note or refund of a bill. */
export type BillEntry = { amount_minor: number; date: string; kind: EntryKind; method?: PaymentMethod | null; reference: string; reversed_on?: string | null; taxes?: TaxSum[] };
/** What a bill says, apart from its lines. */
export type BillHeader = { currency: Currency; date: string; due_date: string; note?: string | null; purchase_order?: string | null; source?: Source | null; supplier_address?: Address2 | null; supplier_id: string; supplier_name: string; supplier_number: string; supplier_tax_id?: string | null; tax_mode: TaxMode };
/** Whether a bill begins a period or closes the last one. */
export type BillKind = "recurring" | "final";
/** A line of a bill, with its amounts. */
export type BillLine = { account?: string | null; description: string; discount?: Discount | null; expense_role: ExpenseRole; gross: Money; line_id: string; net: Money; product_id?: string | null; quantity: string | number; sku?: string | null; stated_tax?: Money | null; tax: Money; tax_category: TaxCategory; tax_rate_percent: string | number; unit?: string | null; unit_price: UnitPrice };
/** A line of a bill, as commands give it. */
export type BillLineInput = { account?: string | null; description: string; discount?: Discount | null; expense_role?: ExpenseRole; line_id?: string | null; product_id?: string | null; quantity?: string | number | null; sku?: string | null; tax_amount?: Money | null; tax_category?: TaxCategory | null; tax_rate_percent?: string | number | null; unit?: string | null; unit_price: UnitPrice };
/** A payment of a bill. */
export type BillPayment = { amount: Money; date: string; method: PaymentMethod; payment_id: string; reference: string; reversed: boolean };
/** The state of the document. */
export type BillStatus = "entered" | "approved" | "voided";
/** Who bills the subscription. */
export type Biller = "platform" | "provider";
/** What is known of a customer. */
export type BillingProfile = { address?: Address3 | null; country?: string | null; email?: string | null; name: string; tax_exempt?: boolean; tax_id?: string | null };
/** One line of a bulk request. */
export type BulkCommand = { aggregate: string; body?: Record<string, any> | null; command: string; context: string; expected_version?: number | null; id?: string | null; idempotency_key?: string | null };
/** One line of a bulk answer. */
export type BulkResult = { line: number; problem?: Problem; receipt?: Receipt; status: number };
/** The subscription will end. */
export type CancellationScheduled = { at: string; reason?: string | null };
/** Whether an authorised amount is captured at once. */
export type CaptureMode = "automatic" | "manual";
/** What happens to occurrences that could not be fired in time. */
export type CatchUp = "fire_all" | "latest_only" | "skip";
/** Why an endpoint is not delivered to. */
export type Cause = "requested" | "gone";
/** A charge for the use of a metric. */
export type Charge = { aggregation: Aggregation; free_units?: string; metric: string; name: string; price: Price };
/** How a dispute ended. */
export type ChargebackOutcome = "won" | "lost";
/** A hint to whoever draws the answer; columns are named as in the answer. */
export type Chart = { kind: ChartKind; series?: string | null; stacked?: boolean; x?: string | null; y?: string[] };
/** How an answer is best drawn. */
export type ChartKind = "table" | "number" | "line" | "area" | "bar" | "pie" | "funnel";
/** The page is there. */
export type CheckoutReady = { expires_at?: string | null; external_id: string; url: string };
/** Where a checkout stands. */
export type CheckoutStatus = "absent" | "opened" | "ready" | "completed" | "failed";
/** The facts known of a company. */
export type CompanyProfile = { address?: Address | null; annual_revenue?: Money | null; custom?: Record<string, any>; domain?: string | null; employees?: number | null; industry?: string | null; name: string; note?: string | null; owner?: string | null; phone?: string | null; tags?: string[]; website?: string | null };
/** A company. */
export type CompanyRow = { address?: Address | null; annual_revenue_currency?: string | null; annual_revenue_minor?: number | null; city?: string | null; country?: string | null; created_at: string; custom: Record<string, any>; domain?: string | null; employees?: number | null; id: string; industry?: string | null; merged_ids: string[]; name: string; note?: string | null; owner?: string | null; parent_id?: string | null; phone?: string | null; sort_name: string; tags: string[]; updated_at: string; version: number; website?: string | null };
/** How many things of a kind there are. */
export type Compared = { object: string; ours: number; theirs: number };
/** A contact. */
export type ContactRow = { address?: Address | null; city?: string | null; company_id?: string | null; company_name?: string | null; country?: string | null; created_at: string; custom: Record<string, any>; display_name: string; email?: string | null; family_name?: string | null; given_name?: string | null; id: string; job_title?: string | null; merged_ids: string[]; note?: string | null; owner?: string | null; phone?: string | null; sort_name: string; source?: string | null; tags: string[]; updated_at: string; version: number };
/** What a control account sums up: the balances of a subledger. */
export type Control = "receivable" | "payable" | "inventory";
/** A line of a credit note. */
export type CreditLine = { account?: string | null; description: string; gross: Money; line_id: string; net: Money; role: string; tax: Money; tax_category: TaxCategory; tax_rate_percent: string | number };
/** A credit note of an invoice. */
export type CreditNoteEntry = { applied_minor: number; date: string; number: string; reason: string; total_minor: number };
/** ISO 4217 code. */
export type Currency = "AED" | "AFN" | "ALL" | "AMD" | "ANG" | "AOA" | "ARS" | "AUD" | "AWG" | "AZN" | "BAM" | "BBD" | "BDT" | "BGN" | "BHD" | "BIF" | "BMD" | "BND" | "BOB" | "BRL" | "BSD" | "BTN" | "BWP" | "BYN" | "BZD" | "CAD" | "CDF" | "CHF" | "CLP" | "CNY" | "COP" | "CRC" | "CUP" | "CVE" | "CZK" | "DJF" | "DKK" | "DOP" | "DZD" | "EGP" | "ERN" | "ETB" | "EUR" | "FJD" | "FKP" | "GBP" | "GEL" | "GHS" | "GIP" | "GMD" | "GNF" | "GTQ" | "GYD" | "HKD" | "HNL" | "HTG" | "HUF" | "IDR" | "ILS" | "INR" | "IQD" | "IRR" | "ISK" | "JMD" | "JOD" | "JPY" | "KES" | "KGS" | "KHR" | "KMF" | "KPW" | "KRW" | "KWD" | "KYD" | "KZT" | "LAK" | "LBP" | "LKR" | "LRD" | "LSL" | "LYD" | "MAD" | "MDL" | "MGA" | "MKD" | "MMK" | "MNT" | "MOP" | "MRU" | "MUR" | "MVR" | "MWK" | "MXN" | "MYR" | "MZN" | "NAD" | "NGN" | "NIO" | "NOK" | "NPR" | "NZD" | "OMR" | "PAB" | "PEN" | "PGK" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RSD" | "RUB" | "RWF" | "SAR" | "SBD" | "SCR" | "SDG" | "SEK" | "SGD" | "SHP" | "SLE" | "SOS" | "SRD" | "SSP" | "STN" | "SVC" | "SYP" | "SZL" | "THB" | "TJS" | "TMT" | "TND" | "TOP" | "TRY" | "TTD" | "TWD" | "TZS" | "UAH" | "UGX" | "USD" | "UYU" | "UZS" | "VES" | "VND" | "VUV" | "WST" | "XAF" | "XCD" | "XCG" | "XOF" | "XPF" | "YER" | "ZAR" | "ZMW" | "ZWG";
/** The kinds of records that have custom fields. */
export type CustomEntity = "contact" | "company" | "deal" | "lead";
/** A payment came in. */
export type CustomerPaymentReceived = { allocations: Allocation[]; amount: Money; customer_id: string; customer_name: string; date: string; method: PaymentMethod; reference: string; unallocated: Money };
/** The facts known of a deal, apart from its stage and amount. */
export type DealFacts = { company_id?: string | null; contact_id?: string | null; custom?: Record<string, any>; expected_close?: string | null; name: string; note?: string | null; owner?: string | null; source?: string | null; tags?: string[] };
/** The deal that a conversion opens. */
export type DealOfLead = { amount?: Money | null; deal_id?: string | null; expected_close?: string | null; name?: string | null; pipeline_id?: string | null; stage?: string | null };
/** A deal. */
export type DealRow = { amount_minor?: number | null; closed_at?: string | null; closed_on?: string | null; company_id?: string | null; competitor?: string | null; contact_id?: string | null; currency?: string | null; custom: Record<string, any>; expected_close?: string | null; id: string; loss_note?: string | null; lost_reason?: string | null; name: string; note?: string | null; opened_at: string; owner?: string | null; pipeline_id: string; probability_percent: number; source?: string | null; stage_entered_at: string; stage_id: string; stage_name: string; status: DealState; tags: string[]; updated_at: string; version: number; weighted_minor?: number | null };
/** Where a deal stands. */
export type DealState = "open" | "won" | "lost";
/** Where a deal stands. */
export type DealStatus = { state: "open" } | { closed_on: string; state: "won" } | { closed_on: string; loss: Loss; state: "lost" };
/** What deals in one currency amount to. */
export type DealTotals = { currency?: string | null; lost_count: number; lost_minor: number; open_count: number; open_minor: number; weighted_minor: number; won_count: number; won_minor: number };
/** What a query is, all of it. */
export type Definition = { chart?: Chart | null; description?: string | null; name: string; parameters?: QueryParameter[]; question: Question };
/** Which way money went. */
export type Direction = "received" | "made";
/** What is taken off the price of a line. */
export type Discount = { percent: string | number } | { amount: Money };
/** A dispute. */
export type Dispute = { amount_minor: number; outcome?: ChargebackOutcome | null };
/** A difference. */
export type Drift = { external_id?: string | null; id?: string | null; kind: DriftKind; note?: string | null; object: string; ours?: string | null; repaired?: boolean; theirs?: string | null };
/** What kind of difference it is. */
export type DriftKind = "missing_here" | "missing_there" | "state" | "amount" | "deleted";
/** What a policy says. */
export type DunningRules = { entitlement_ends_at_step: number; final_action: FinalAction; final_days: number; retry_days: number[] };
/** A company of a group. */
export type DuplicateCompany = { city?: string | null; created_at: string; domain?: string | null; id: string; name: string; owner?: string | null; updated_at: string };
/** A contact of a group. */
export type DuplicateContact = { company_id?: string | null; company_name?: string | null; created_at: string; display_name: string; email?: string | null; id: string; owner?: string | null; phone?: string | null; updated_at: string };
/** When a change takes effect. */
export type Effective = "now" | "period_end";
/** An endpoint has another address or is told of other events. */
export type EndpointChanged = { description?: string | null; filter: EventFilter; roles: string[]; url: string };
/** Where an endpoint stands. */
export type EndpointStatus = "enabled" | "disabled" | "removed";
/** What a bill was settled by. */
export type EntryKind = "payment" | "credit_note" | "refund";
/** Which events somebody follows. */
export type EventFilter = { contexts?: string[]; subjects?: string[]; types?: string[] };
/** A document, known by its digest. */
export type Evidence = { name: string; sha256: string; size_bytes?: number | null; url?: string | null };
/** What a line of a bill is for; the accounting has an account for each. */
export type ExpenseRole = "expense" | "goods_received_not_invoiced" | "fees";
/** Where an export stands. */
export type ExportStatus = "requested" | "completed" | "failed" | "cancelled" | "expired";
/** How much an export is, and how to know it again. */
export type ExportSummary = { bytes: number; files: number; manifest_sha256: Sha256Hex; one_state: boolean; positions: string[]; rows: number };
/** What a subscription entitles to in one feature: a switch, a number (a limit, a quota) or a word (a level). */
export type FeatureValue = boolean | number | string;
/** What values a field takes. */
export type FieldType = "text" | "number" | "boolean" | "date" | "select" | "url";
/** The format of files. */
export type FileFormat = "parquet" | "csv" | "ndjson" | "arrow";
/** What happens to the subscription when the last attempt has failed too. */
export type FinalAction = "end" | "suspend";
/** What stock is of: a product in a warehouse. */
export type Goods = { product_id: string; sku: string; warehouse_id: string };
/** What a draft says, apart from its lines. */
export type Header = { currency: Currency; customer_address?: Address2 | null; customer_email?: string | null; customer_id: string; customer_name: string; customer_tax_id?: string | null; date?: string | null; due_date?: string | null; note?: string | null; number?: string | null; payment_terms_days?: number | null; purchase_order?: string | null; reference?: string | null; series: string; source?: Source | null; tax_mode: TaxMode };
export type HistoryEvent = { actor: string; causation_id?: string; command_id: string; correlation_id: string; id: string; payload: any; position: string; recorded_at: string; type: string; version: number };
/** What pieces are kept for. */
export type Hold = { expires_at?: string | null; joint: boolean; quantity: number; reference?: string | null };
/** An amount was reserved. */
export type HoldReserved = { account: string; amount: Money; description?: string | null; expires_at: string; limited: boolean; party?: string | null; reference?: string | null; side: Side };
/** Where a reservation stands. */
export type HoldStatus = "reserved" | "allocated" | "shipped" | "released" | "expired";
/** Where a hold stands. */
export type HoldStatus2 = "pending" | "posted" | "voided" | "expired";
/** What becomes of an entry whose day is closed. */
export type IfClosed = "refuse" | "next_open_day";
/** How long a service period is. */
export type Interval = { count?: number; unit: Unit };
/** A line of an invoice, with its amounts. */
export type InvoiceLine = { account?: string | null; description: string; discount?: Discount | null; gross: Money; line_id: string; net: Money; product_id?: string | null; quantity: string | number; revenue_role: RevenueRole; sku?: string | null; stated_tax?: Money | null; tax: Money; tax_category: TaxCategory; tax_rate_percent: string | number; unit?: string | null; unit_price: UnitPrice };
/** A line of an invoice, as commands give it. */
export type InvoiceLineInput = { account?: string | null; description: string; discount?: Discount | null; line_id?: string | null; product_id?: string | null; quantity?: string | number | null; revenue_role?: RevenueRole; sku?: string | null; tax_amount?: Money | null; tax_category?: TaxCategory | null; tax_rate_percent?: string | number | null; unit?: string | null; unit_price: UnitPrice };
/** The state of the document. */
export type InvoiceStatus = "draft" | "discarded" | "finalized" | "credited" | "voided" | "written_off";
/** What an invoice has got by becoming final. */
export type Issued = { date: string; due_date: string; issuer?: IssuerFacts | null; number: string; reminder_days: number[] };
/** The issuer as it stands on invoices. */
export type IssuerFacts = { address?: Address2 | null; bank_account?: BankAccount | null; email?: string | null; footer?: string | null; name: string; payment_note?: string | null; phone?: string | null; registration_number?: string | null; tax_id?: string | null; website?: string | null };
/** An entry was posted. */
export type JournalEntryPosted = { date: string; description?: string | null; document_date?: string | null; hold_id?: string | null; lines: Line[]; party?: string | null; reference?: string | null; reverses?: string | null; source?: string | null };
/** A line as journals of other products list it: a debit, a credit, or an amount that is negative for a credit. */
export type JournalLine = { account: string; amount?: Money | null; credit?: Money | null; debit?: Money | null; memo?: string | null; party?: string | null };
/** What kind of movement it is. */
export type Kind = "receipt" | "opening" | "shipment" | "return" | "adjustment" | "count" | "transfer" | "revaluation";
/** Pieces that came in together. */
export type Layer = { cost_minor: number; id: string; quantity: number; received: number; received_on: string; value_minor: number };
/** The lead became a contact, and perhaps a company and a deal. */
export type LeadConverted = { company_created: boolean; company_id?: string | null; contact_created: boolean; contact_id: string; deal_id?: string | null };
/** The lead will not become a customer. */
export type LeadDisqualified = { reason: string };
/** A lead that became the contact. */
export type LeadOfContact = { created_at: string; display_name: string; id: string; score: number; source?: string | null };
/** The facts known of a lead. */
export type LeadProfile = { address?: Address | null; company_name?: string | null; custom?: Record<string, any>; email?: string | null; family_name?: string | null; given_name?: string | null; job_title?: string | null; note?: string | null; phone?: string | null; source?: string | null; tags?: string[]; website?: string | null };
/** The lead is worth a sales effort. */
export type LeadQualified = { estimated_value?: Money | null; note?: string | null };
/** The lead is not ready; it waits to be assigned again. */
export type LeadRecycled = { reason: string; until?: string | null };
/** Where a lead stands. */
export type LeadStage = "new" | "working" | "qualified" | "converted" | "recycled" | "disqualified";
/** Where a lead stands. */
export type LeadStatus = { state: "new" } | { state: "working" } | LeadQualified & { state: "qualified" } | LeadConverted & { state: "converted" } | LeadRecycled & { state: "recycled" } | LeadDisqualified & { state: "disqualified" } | { state: "erased" };
/** Pieces of one item that leave. */
export type LeavingLine = { item_id: string; quantity: number };
/** A line of an entry. */
export type Line = { account: string; amount: Money; control?: Control | null; memo?: string | null; party?: string | null; reference?: string | null; role?: Role | null; side: Side };
/** A line of a bill. */
export type Line2 = { amount: Money; description: string; kind: LineKind; metric?: string | null; quantity: string; service: Period; tax_rate_percent?: string | null };
/** What is to be credited of one line. */
export type LineCredit = { amount?: Money | null; line_id: string };
/** What a line of a bill is for. */
export type LineKind = "flat" | "usage" | "proration" | "credit";
/** What is kept of one item. */
export type LineRow = { item_id: string; product_id: string; quantity: number; shipped: number; sku: string; warehouse_id: string };
/** Why a deal was lost. */
export type Loss = { competitor?: string | null; note?: string | null; reason: string };
/** The records of one metric in one period. */
export type MetricTotals = { count: number; keys: string[]; latest?: any[] | null; max?: string | null; sum: string };
/** An amount of one currency. */
export type Money = { amount_minor: number; currency: Currency };
/** What kind of movement it is. */
export type MovementKind = "receipt" | "shipment" | "return" | "adjustment" | "count" | "transfer_out" | "transfer_in" | "revaluation";
/** What moved it. */
export type MovementKind2 = "invoice" | "bill" | "payment" | "payment_reversed" | "credit_applied" | "credit_note" | "void" | "write_off" | "refund";
/** What kind of change it is. */
export type MovementKind3 = "new" | "expansion" | "contraction" | "churn";
/** A record named in passing. */
export type Named = { id: string; name: string };
/** How the numbers of a series look. */
export type NumberFormat = { padding: number; prefix: string; yearly: boolean };
/** A line that is open. */
export type OpenLine = { line: ReservedLine; shipped: number };
/** How a stay ended. */
export type Outcome = "advanced" | "returned" | "moved" | "won" | "lost" | "reopened";
/** What became of an occurrence. */
export type Outcome2 = "fired" | "skipped";
/** A feature that is granted differently from the plan. */
export type Override = { until?: string | null; value: FeatureValue };
/** The type of a parameter. */
export type ParameterKind = "text" | "integer" | "number" | "boolean" | "timestamp" | "date";
/** The part of a payment that is for one invoice or bill. */
export type Part = { amount_minor: number; document_id: string; number: string };
/** What was sold from a time on. */
export type PastTerms = { from: string; plan_id: string; quantity?: number };
/** A payment of an invoice. */
export type Payment = { amount: Money; customer_payment_id?: string | null; date: string; method: PaymentMethod; payment_id: string; reference: string; reversed: boolean; settlement: Settlement };
/** A payment of an invoice, or credit of the customer that settled it. */
export type PaymentEntry = { amount_minor: number; applied_minor: number; date: string; method?: PaymentMethod | null; payment_id?: string | null; reference: string; reversed_on?: string | null };
/** Why money went. */
export type PaymentKind = "payment" | "refund";
/** How money changed hands. */
export type PaymentMethod = "bank_transfer" | "direct_debit" | "card" | "cheque" | "cash" | "other";
/** A payment was asked for. */
export type PaymentRequested = { amount: Money; capture: CaptureMode; customer_id: string; customer_name: string; due_at: string; due_on: string; external_customer?: string | null; invoice_id?: string | null; reference?: string | null; subscription_id?: string | null };
/** How far a document is paid, whatever else became of it. */
export type PaymentState = "unpaid" | "partially_paid" | "paid" | "overpaid";
/** Where a payment stands, with what has gone back. */
export type PaymentState2 = "open" | "action_required" | "authorized" | "captured" | "partially_refunded" | "refunded" | "disputed" | "charged_back" | "given_up" | "voided";
/** Where a payment stands. */
export type PaymentStatus = "absent" | "open" | "action_required" | "authorized" | "captured" | "given_up" | "voided";
/** A span of time, from its start up to and without its end. */
export type Period = { end: string; start: string };
/** The records of one period, by metric. */
export type PeriodTotals = Record<string, never>;
/** When a timer fires, in full. */
export type Plan = { schedule: Schedule; until?: string | null; zone: string };
/** A version of a plan as a subscription keeps it. */
export type PlanVersion = { id: string; terms: Terms3; version: number };
/** The stage that a deal is in. */
export type Position = { entered_at: string; last_open: Stage; stage: Stage };
/** A line of an entry that is to be posted: `account` or `role`, a side and an amount. */
export type PostLine = { account?: string | null; amount: Money; memo?: string | null; party?: string | null; reference?: string | null; role?: Role | null; side: Side };
/** How a number of units becomes an amount. */
export type Price = { model: "standard"; unit_amount: string } | { model: "package"; package_amount_minor: number; package_size: string } | { model: "graduated"; tiers: Tier[] } | { model: "volume"; tiers: Tier[] };
/** Where a plan stands at the payment provider. */
export type PriceLink = { price_id: string; product_id?: string | null; provider: string };
/** RFC 9457 problem details. */
export type Problem = { candidates?: { field: string; id: string }[]; code: string; detail: string; fields?: { message?: string; name: string }[]; status: number; title: string; trace_id: string; type: string };
/** The facts known of a product, apart from its name and price. */
export type ProductFacts = { barcode?: string | null; category?: string | null; cost?: Money | null; description?: string | null; reorder_point?: number | null; reorder_quantity?: number | null; safety_stock?: number | null; supplier?: string | null };
/** The facts known of a person. */
export type Profile = { address?: Address | null; company_name?: string | null; custom?: Record<string, any>; email?: string | null; family_name?: string | null; given_name?: string | null; job_title?: string | null; note?: string | null; owner?: string | null; phone?: string | null; source?: string | null; tags?: string[] };
/** What the payment provider is asked to do with a subscription that it bills. */
export type ProviderChange = { change: "cancel_now"; prorate: boolean } | { change: "cancel_at_period_end" } | { change: "resume" } | { change: "change_plan"; plan_id: string; price_id?: string | null; prorate: boolean; quantity: number };
/** What the payment provider says of a subscription. */
export type ProviderState = { cancel_at?: string | null; ended_at?: string | null; external_id: string; period: Period; started_at: string; status: ProviderStatus; trial_end?: string | null };
/** Where a subscription stands that the payment provider bills. */
export type ProviderStatus = "incomplete" | "incomplete_expired" | "trialing" | "active" | "past_due" | "unpaid" | "paused" | "canceled";
/** What whoever runs a saved query can or must give. */
export type QueryParameter = { default?: string | null; description?: string | null; kind: ParameterKind; name: string; required?: boolean };
/** An occurrence of a saved query's schedule. */
export type QueryRun = { owner: string; query_id: string; revision: number; scheduled_for: string };
/** What is asked of which read model or report. */
export type Question = { context: string; source: string; terms?: Record<string, string> };
/** What an accepted command led to. */
export type Receipt = { events: { position: number; type: string }[]; id: string; position: string; secret?: string; version: number };
/** Receives goods from a supplier, named as files and scanners name them. */
export type ReceiveGoods = { product_id?: string | null; quantity: number; received_on?: string | null; reference?: string | null; sku?: string | null; supplier?: string | null; total_cost?: Money | null; unit_cost?: Money | null; warehouse_id?: string | null };
/** What a movement of a journal was. */
export type RecordKind = "opening" | "receipt" | "shipment" | "return" | "count" | "adjustment";
/** When a query runs by itself, and what becomes of the answer. */
export type Recurrence = { cron: string; format?: FileFormat; time_zone?: TimeZone };
/** Money that had paid an invoice and went back. */
export type Refund = { amount: Money; settlement: Settlement };
/** A refund. */
export type Refund2 = { amount_minor: number; status: RefundStatus };
/** Where a refund stands. */
export type RefundStatus = "requested" | "completed" | "failed";
/** Where a reservation stands. */
export type ReservationStatus = "reserved" | "allocated" | "shipped" | "released" | "expired";
/** What is kept of one item. */
export type ReservedLine = { item_id: string; product_id: string; quantity: number; sku: string; warehouse_id: string };
/** How a hold ended. */
export type Resolution = "posted" | "voided" | "expired";
/** Which revenue a line of an invoice is; the accounting has an account for each. */
export type RevenueRole = "sales_revenue" | "service_revenue" | "deferred_revenue";
/** What other contexts post to without knowing the tenant's accounts: the posting profile says which account plays the role. */
export type Role = "accounts_receivable" | "accounts_payable" | "cash" | "bank" | "sales_revenue" | "service_revenue" | "sales_tax_payable" | "input_tax" | "inventory" | "goods_received_not_invoiced" | "cost_of_goods_sold" | "inventory_adjustment" | "customer_credit" | "bad_debt" | "rounding" | "deferred_revenue" | "retained_earnings" | "opening_balance" | "fees" | "expense";
/** What a line belongs to. */
export type SaleKind = "invoice" | "credit_note";
/** When a timer fires. */
export type Schedule = { at: string } | { local: string } | { cron: string };
/** A change that happens with the end of the period. */
export type ScheduledChange = { plan: PlanVersion; quantity: number };
/** Why a lead has points. */
export type ScoreReason = { because: string; points: number; rule: string };
/** Where an amount that settles a debt goes. */
export type Settlement = { applied: Money; excess: Money; recovered: Money };
/** A SHA-256 digest in hexadecimal digits. */
export type Sha256Hex = string;
/** A side of an account. */
export type Side = "debit" | "credit";
/** Whose debt moved. */
export type Side2 = "receivable" | "payable";
/** A secret that signs. */
export type SigningSecret = { id: string; until?: string | null };
/** What a document comes from, such as the period of a subscription. */
export type Source = { context: string; id: string; reference?: string | null };
/** A stage of a pipeline. */
export type Stage = { id: string; name: string; probability_percent: number };
/** Where a subscription stands. */
export type Standing = "absent" | "trialing" | "active" | "ended";
/** An account in a statement. */
export type StatementAccount = { account: string; amount_minor: number; name: string; section: string };
/** Where a contact or a company stands. */
export type Status = { state: "active" } | { into: string; state: "merged" } | { state: "erased" };
/** Where a timer stands. */
export type Status2 = "active" | "paused" | "finished" | "cancelled";
/** The layers of an item and its value. */
export type Stock = { forgotten?: string | null; layers: Layer[]; on_hand: number; spent: Layer[]; valuation: Valuation; value_minor: number };
/** A command to be sent later. */
export type StoredCommand = { aggregate: string; body?: Record<string, any>; command: string; context: string; id?: string | null };
/** The records that an activity is about. */
export type Subjects = { company_id?: string | null; contact_id?: string | null; deal_id?: string | null; lead_id?: string | null };
/** Where a subscription stands. */
export type SubscriptionState = "incomplete" | "trialing" | "active" | "past_due" | "suspended" | "paused" | "ended";
/** A finer kind of account. */
export type Subtype = "cash" | "bank" | "receivable" | "inventory" | "tax_receivable" | "current_asset" | "fixed_asset" | "payable" | "tax_payable" | "current_liability" | "long_term_liability" | "capital" | "retained_earnings" | "operating_revenue" | "other_income" | "cost_of_sales" | "operating_expense" | "depreciation" | "other_expense";
/** Where a suggestion stands. */
export type SuggestionState = "open" | "accepted" | "dismissed" | "withdrawn";
/** Where a suggestion stands. */
export type SuggestionStatus = { state: "none" } | { state: "open" } | { quantity: number; reference?: string | null; state: "accepted" } | { reason: string; state: "dismissed" } | { state: "withdrawn" };
/** The sums of a limited account, in minor units. */
export type Sums = { credit_minor: number; debit_minor: number; limit_minor: number; pending_minor: number };
/** Why a tax rate applies; the codes of EN 16931 (UNTDID 5305) are given. */
export type TaxCategory = "standard" | "zero" | "exempt" | "reverse_charge" | "export" | "out_of_scope";
/** Whether the prices of a document include its taxes. */
export type TaxMode = "exclusive" | "inclusive";
/** What the lines of one tax category and rate amount to. */
export type TaxSum = { net: Money; tax: Money; tax_category: TaxCategory; tax_rate_percent: string | number };
/** A chart to start from. */
export type Template = "trading_company" | "service_company";
/** What stays as it is for the life of a product. */
export type Terms = { currency: Currency; sku: string; unit: string; valuation: Valuation };
/** What a posting must know of an account. */
export type Terms2 = { closed: boolean; currency: Currency; normal_side: Side; subtype?: Subtype | null; type: AccountType };
/** The terms of a version of a plan. */
export type Terms3 = { charges?: Charge[]; description?: string | null; entitlements?: Record<string, any>; interval: Interval; name: string; price: Money; tax_rate_percent?: string | null; trial_days?: number };
/** A step of a graduated or volume price. */
export type Tier = { flat_amount_minor?: number; unit_amount: string; up_to?: string | null };
/** The name of a time zone in the IANA database. */
export type TimeZone = string;
/** A timer was set. */
export type TimerScheduled = { catch_up: CatchUp; command: StoredCommand; grace_seconds: number; name: string; next_at: string; plan: Plan; scheduled_by: string };
/** Where a timer stands. */
export type TimerStatus = "active" | "paused" | "finished" | "cancelled";
/** What a document amounts to. */
export type Totals = { gross: Money; net: Money; tax: Money; taxes: TaxSum[] };
/** A unit of the calendar. */
export type Unit = "day" | "week" | "month" | "year";
/** The price of one. */
export type UnitPrice = { amount_minor: string | number; currency: Currency };
/** One record of usage, as it is sent. */
export type UsageRecord = { at?: string | null; key?: string | null; metric: string; transaction_id: string; value?: string | null };
/** How the stock of a product is valued. */
export type Valuation = "fifo" | "moving_average";
/** A line of an order. */
export type WantedLine = { product_id?: string | null; quantity: number; sku?: string | null; warehouse_id?: string | null };
/** What a page is asked for. */
export type WantedPage = { kind: "subscription"; plan_id: string; quantity?: number } | { kind: "portal" };
/** What one account holds. */
export type AccountingAccountBalanceRow = { account: string; balance_minor: number; credit_minor: number; currency: string; debit_minor: number; limit_minor?: number | null; name: string; normal_side: string; pending_minor: number; type: string };
/** An account. */
export type AccountingAccountListRow = { closed: boolean; control?: Control | null; created_at: string; currency: Currency; id: string; limit_minor?: number | null; name: string; normal_side: Side; pending_minor: number; subtype?: Subtype | null; type: AccountType; updated_at: string; version: number };
/** Closes an account to further postings. */
export type AccountingAccountClose = Record<string, never>;
/** Opens an account. */
export type AccountingAccountOpen = { currency?: Currency | null; limit?: Money | null; name: string; normal_side?: Side | null; subtype?: Subtype | null; type: string };
/** Gives an account another name. */
export type AccountingAccountRename = { name: string };
/** Takes a closed account into use again. */
export type AccountingAccountReopen = Record<string, never>;
/** Changes how far the balance of a limited account may fall below zero. */
export type AccountingAccountSetLimit = { limit: Money };
/** An account's state. */
export type AccountingAccountState = { listed: boolean; name?: string | null; sums?: Sums | null; terms?: Terms2 | null };
/** What one customer owes or one supplier is owed. */
export type AccountingAgedPayablesRow = { account: string; currency: string; days_0_30_minor: number; days_31_60_minor: number; days_61_90_minor: number; days_over_90_minor: number; oldest_on?: string | null; open_items: number; party?: string | null; total_minor: number; unassigned_minor: number };
/** What one customer owes or one supplier is owed. */
export type AccountingAgedReceivablesRow = { account: string; currency: string; days_0_30_minor: number; days_31_60_minor: number; days_61_90_minor: number; days_over_90_minor: number; oldest_on?: string | null; open_items: number; party?: string | null; total_minor: number; unassigned_minor: number };
/** What the company owns and owes in one currency. */
export type AccountingBalanceSheetRow = { accounts: StatementAccount[]; as_of: string; assets_minor: number; currency: string; current_year_result_minor: number; earlier_results_minor: number; equity_minor: number; liabilities_and_equity_minor: number; liabilities_minor: number; year_start: string };
/** Opens the accounts of a template, lists them in the chart, and gives them their roles. */
export type AccountingChartApplyTemplate = { currency: Currency; template: Template };
/** The chart's state. */
export type AccountingChartState = { accounts: Record<string, Terms2>; applied: Applied[]; closed_through?: string | null; currency?: Currency | null; roles: Record<string, Record<string, string>> };
/** Two figures that must agree. */
export type AccountingConsistencyRow = { account?: string | null; actual_minor: number; check: string; count: number; currency: string; difference_minor: number; expected_minor: number; since?: string | null; status: string };
/** A row of the general ledger: what was there before, a line, or what is there at the end. */
export type AccountingGeneralLedgerRow = { balance_minor: number; credit_minor?: number | null; date?: string | null; debit_minor?: number | null; description?: string | null; entry_id?: string | null; id?: string | null; kind: string; line_count?: number | null; memo?: string | null; next?: string | null; party?: string | null; reference?: string | null };
/** A hold. */
export type AccountingHoldListRow = { account: string; amount_minor: number; created_at: string; currency: Currency; description?: string | null; due_at?: string | null; entry_id?: string | null; expires_at: string; id: string; party?: string | null; posted_minor?: number | null; reference?: string | null; side: Side; status: HoldStatus2; updated_at: string; version: number };
/** Releases what was reserved if its time is up. */
export type AccountingHoldExpire = Record<string, never>;
/** Posts all or a part of what was reserved to another account, and releases the rest. */
export type AccountingHoldPost = { account?: string | null; amount?: Money | null; date?: string | null; description?: string | null; reference?: string | null; role?: Role | null };
/** Reserves an amount of an account for a while. */
export type AccountingHoldReserve = { account?: string | null; amount: Money; description?: string | null; party?: string | null; reference?: string | null; role?: Role | null; timeout_seconds: number };
/** A hold's state. */
export type AccountingHoldState = { reserved?: HoldReserved | null; resolution?: Resolution | null };
/** Releases what was reserved. */
export type AccountingHoldVoid = { reason?: string | null };
/** An entry. */
export type AccountingJournalEntryListRow = { currency?: string | null; date: string; description?: string | null; document_date?: string | null; evidence: Evidence[]; hold_id?: string | null; id: string; lines: Line[]; party?: string | null; position: number; posted_by: string; recorded_at: string; reference?: string | null; reversed_by?: string | null; reversed_on?: string | null; reverses?: string | null; source?: string | null; total_minor?: number | null; version: number };
/** Attaches a document to an entry. */
export type AccountingJournalEntryAttachEvidence = { name: string; sha256: string; size_bytes?: number | null; url?: string | null };
/** Posts an entry. */
export type AccountingJournalEntryPost = { date: string; description?: string | null; if_closed?: IfClosed; lines: PostLine[]; party?: string | null; reference?: string | null; source?: string | null };
/** Posts an entry whose lines are written as journals of other products write them. */
export type AccountingJournalEntryPostJournal = { date: string; description?: string | null; lines: JournalLine[]; reference?: string | null };
/** Posts what an account holds when the books begin; the other side is the account that plays the role `opening_balance`. */
export type AccountingJournalEntryPostOpeningBalance = { account: string; balance?: Money | null; credit?: Money | null; date: string; debit?: Money | null; description?: string | null; party?: string | null; reference?: string | null };
/** Posts an entry of one amount from one account to another. */
export type AccountingJournalEntryPostPair = { account: string; amount: Money; contra_account: string; date: string; description?: string | null; party?: string | null; reference?: string | null; side?: string | null };
/** Undoes an entry by a new one with the sides exchanged. */
export type AccountingJournalEntryReverse = { date?: string | null; description?: string | null };
/** An entry's state. */
export type AccountingJournalEntryState = { evidence: Evidence[]; posted?: JournalEntryPosted | null; reversed_by?: string | null };
/** A line. */
export type AccountingLedgerLineListRow = { account: string; control?: Control | null; credit_minor: number; currency: string; date: string; debit_minor: number; entry_id: string; id: string; item?: string | null; memo?: string | null; party?: string | null; position: number; recorded_at: string; reference?: string | null };
/** An invoice or bill that is not paid. */
export type AccountingOpenItemsRow = { account: string; amount_minor: number; currency: string; days: number; item: string; open_minor: number; opened_on: string; party?: string | null };
/** The calendar. */
export type AccountingPeriodListRow = { closed_through?: string | null; first_day?: string | null; fiscal_year_start_month: number; id: string; reopened_reason?: string | null; updated_at: string; version: number };
/** Closes all days through this one. */
export type AccountingPeriodCloseThrough = { date: string };
/** Opens the calendar. */
export type AccountingPeriodOpen = { first_day?: string | null; fiscal_year_start_month?: number };
/** Opens the days from this one on again. */
export type AccountingPeriodReopen = { from: string; reason: string };
/** The calendar's state. */
export type AccountingPeriodState = { closed_through?: string | null; first_day?: string | null; fiscal_year_start_month: number };
/** Gives a role to an account, for postings in the account's currency. */
export type AccountingPostingProfileSetRole = { account: string; role: Role };
/** The posting profile's state. */
export type AccountingPostingProfileState = { roles: Record<string, Record<string, string>> };
/** A role and the account that plays it. */
export type AccountingPostingRoleListRow = { account: string; currency: Currency; id: string; role: Role; updated_at: string };
/** What was earned and spent in one currency. */
export type AccountingProfitAndLossRow = { accounts: StatementAccount[]; cost_of_sales_minor: number; currency: string; from: string; gross_profit_minor: number; net_income_minor: number; operating_expenses_minor: number; operating_result_minor: number; other_expenses_minor: number; other_income_minor: number; revenue_minor: number; to: string };
/** A row of a statement of account: what was open before, a line, or what is open at the end. */
export type AccountingStatementOfAccountRow = { account: string; balance_minor: number; credit_minor?: number | null; currency: string; date?: string | null; debit_minor?: number | null; description?: string | null; entry_id?: string | null; id?: string | null; kind: string; name: string; reference?: string | null };
/** A change of the stock's value, beside what was posted because of it. */
export type AccountingStockCheckListRow = { currency: string; difference_minor: number; entries: string[]; event_id: string; event_type?: string | null; expected_at?: string | null; expected_minor?: number | null; id: string; posted_at?: string | null; posted_minor?: number | null };
/** A change of what somebody owes, is owed, or has to his credit, beside what was posted because of it. */
export type AccountingSubledgerCheckListRow = { currency: string; difference_minor: number; entries: string[]; event_id: string; event_type?: string | null; expected_at?: string | null; expected_minor?: number | null; id: string; posted_at?: string | null; posted_minor?: number | null; subledger: string };
/** An account of the trial balance. */
export type AccountingTrialBalanceRow = { account: string; credit_balance_minor: number; credit_minor: number; currency: string; debit_balance_minor: number; debit_minor: number; name: string; type: string };
/** What happened on an account within a day, week or month. */
export type AnalyticsCashRow = { account: string; closing_minor: number; currency: string; date: string; drill: Question; in_minor: number; name: string; opening_minor: number; out_minor: number };
/** An export. */
export type AnalyticsExportListRow = { bytes?: number | null; context: string; due_at?: string | null; ended_at?: string | null; expires_at?: string | null; failure_code?: string | null; failure_reason?: string | null; files?: number | null; format: FileFormat; id: string; manifest_sha256?: string | null; one_state?: boolean | null; positions: string[]; query_id?: string | null; question: Question; requested_at: string; requested_by: string; rows?: number | null; scheduled_for?: string | null; source: string; status: ExportStatus; version: number };
/** Gives up an export that is not complete yet. */
export type AnalyticsExportCancel = Record<string, never>;
/** Says that the files are written. */
export type AnalyticsExportComplete = { kept_days: number; summary: ExportSummary };
/** Lets the files go once their time is over; earlier, nothing happens. */
export type AnalyticsExportExpire = Record<string, never>;
/** Says that the export cannot be made. */
export type AnalyticsExportFail = { code: string; reason: string };
/** Requests an export. */
export type AnalyticsExportRequest = { format?: FileFormat; question: Question; run?: QueryRun | null };
/** An export's state. */
export type AnalyticsExportState = { expires_at?: string | null; requested_by: string; status: ExportStatus; summary?: ExportSummary | null };
/** The key figures of a period in one currency, all in minor units, each beside that of as many days before. */
export type AnalyticsOverviewRow = { cash_minor: number; currency: string; drill: Record<string, Question>; from: string; invoice_count: number; mrr_minor: number; overdue_minor: number; payables_minor: number; pipeline_minor: number; previous_cash_minor: number; previous_from: string; previous_invoice_count: number; previous_mrr_minor: number; previous_overdue_minor: number; previous_payables_minor: number; previous_receivables_minor: number; previous_revenue_minor: number; previous_stock_value_minor: number; previous_to: string; previous_won_minor: number; receivables_minor: number; revenue_minor: number; stock_value_minor: number; to: string; weighted_pipeline_minor: number; won_minor: number };
/** What is open and has been due for so long, in one currency. */
export type AnalyticsPayablesRow = { age: string; as_of: string; currency: string; document_count: number; drill: Question; from_days?: number | null; open_minor: number; party_count: number; share_percent?: number | null; to_days?: number | null };
/** Open deals of a stage that are expected in a month, in one currency. */
export type AnalyticsPipelineRow = { amount_minor: number; currency?: string | null; date?: string | null; deal_count: number; drill: Question; overdue_count: number; pipeline_id: string; pipeline_name?: string | null; position?: number | null; probability_percent: number; stage_id: string; stage_name: string; unvalued_count: number; weighted_minor: number };
/** How far a projection is behind the log of a context. */
export type AnalyticsProjectionLagRow = { applied_at?: string | null; context: string; head: number; lag_events: number; lag_seconds?: number | null; parked_events: number; partition: number; position: number; projection: string; rebuilding: boolean; version: number };
/** A saved query. */
export type AnalyticsQueryListRow = { chart?: Chart | null; context: string; created_at: string; cron?: string | null; description?: string | null; due_at?: string | null; id: string; last_export_id?: string | null; last_run_at?: string | null; name: string; owner: string; parameters: QueryParameter[]; question: Question; revision: number; schedule_format?: FileFormat | null; shared_with: string[]; sort_name: string; source: string; time_zone?: string | null; updated_at: string; version: number };
/** Deletes a query; its name is free again. */
export type AnalyticsQueryDelete = Record<string, never>;
/** Makes a query somebody else's. */
export type AnalyticsQueryHandOver = { owner: string };
/** Gives a query another definition, all of it. */
export type AnalyticsQueryRevise = { chart?: Chart | null; description?: string | null; name: string; parameters?: QueryParameter[]; question: Question };
/** Runs a query whose time has come. */
export type AnalyticsQueryRunDue = Record<string, never>;
/** Saves a query. */
export type AnalyticsQuerySave = { chart?: Chart | null; description?: string | null; name: string; parameters?: QueryParameter[]; question: Question };
/** Says when a query runs by itself. */
export type AnalyticsQuerySchedule = { cron: string; format?: FileFormat; time_zone?: TimeZone };
/** Lets roles run a query; those that are not named no longer may. */
export type AnalyticsQueryShare = { roles: string[] };
/** A saved query's state. */
export type AnalyticsQueryState = { definition?: Definition | null; deleted: boolean; next_at?: string | null; owner: string; recurrence?: Recurrence | null; revision: number; roles: string[] };
/** Keeps a query from running by itself. */
export type AnalyticsQueryUnschedule = Record<string, never>;
/** What is open and has been due for so long, in one currency. */
export type AnalyticsReceivablesRow = { age: string; as_of: string; currency: string; document_count: number; drill: Question; from_days?: number | null; open_minor: number; party_count: number; share_percent?: number | null; to_days?: number | null };
/** Recurring revenue of a day, week or month in one currency, in minor units a month. */
export type AnalyticsRecurringRevenueRow = { annual_minor: number; churn_count: number; churn_minor: number; closing_minor: number; contraction_minor: number; currency: string; date: string; drill: Question; expansion_minor: number; new_count: number; new_minor: number; opening_minor: number };
/** What was invoiced and credited within a day, week or month, in one currency. */
export type AnalyticsRevenueRow = { credit_note_count: number; credited_minor: number; credited_net_minor: number; currency: string; date: string; drill: Question; invoice_count: number; net_minor: number; revenue_minor: number; tax_minor: number; total_minor: number };
/** A line of an invoice or credit note. */
export type AnalyticsSaleListRow = { currency: string; customer_id: string; date: string; document_id: string; id: string; invoice_id: string; kind: SaleKind; line_id: string; net_minor: number; number: string; product: string; product_id?: string | null; quantity: number; recorded_at: string; sku?: string | null; tax_minor: number };
/** How long a product lasts in a warehouse, and what it is worth there. */
export type AnalyticsStockCoverRow = { available: number; currency: string; date?: string | null; days_of_cover?: number | null; drill: Question; item_id: string; low: boolean; on_hand: number; product_id: string; product_name: string; shipped: number; shipped_per_day: number; sku: string; value_minor: number; warehouse_id: string; warehouse_name: string };
/** What a customer brought in a period, in one currency. */
export type AnalyticsTopCustomersRow = { currency: string; customer_id: string; customer_name?: string | null; drill: Question; from: string; invoice_count: number; previous_revenue_minor: number; rank: number; revenue_minor: number; share_percent?: number | null; to: string };
/** What a product brought in a period, in one currency. */
export type AnalyticsTopProductsRow = { cost_drill?: Question | null; cost_minor?: number | null; currency: string; drill: Question; from: string; margin_minor?: number | null; margin_percent?: number | null; previous_revenue_minor: number; product: string; product_id?: string | null; product_name?: string | null; quantity: number; rank: number; revenue_minor: number; share_percent?: number | null; sku?: string | null; to: string };
/** Recurring revenue of a plan in one currency, in minor units. */
export type BillingArrRow = { arr_minor: number; currency: string; customers: number; mrr_minor: number; plan_id: string; plan_name: string; quantity: number; subscriptions: number };
/** A bill. */
export type BillingBillListRow = { billed_at: string; credit_left_minor: number; currency: string; customer_id: string; customer_name?: string | null; due_on: string; id: string; kind: BillKind; lines: Line2[]; period_end: string; period_start: string; plan_id: string; plan_name: string; plan_version: number; subscription_id: string; total_minor: number };
/** A checkout. */
export type BillingCheckoutListRow = { customer_id: string; error_code?: string | null; error_message?: string | null; expires_at?: string | null; external_id?: string | null; external_subscription?: string | null; id: string; kind: string; opened_at: string; plan_id?: string | null; quantity?: number | null; status: CheckoutStatus; updated_at: string; url?: string | null; version: number };
/** Says that the customer has bought. */
export type BillingCheckoutComplete = { external_subscription?: string | null };
/** Says that the page is gone, or never came. */
export type BillingCheckoutFail = { code: string; message?: string | null };
/** Asks the payment provider for a page. */
export type BillingCheckoutOpen = { customer_id: string; page: WantedPage; return_url?: string | null };
/** Says that the page is there. */
export type BillingCheckoutReady = { expires_at?: string | null; external_id: string; url: string };
/** A checkout's state. */
export type BillingCheckoutState = { page?: CheckoutReady | null; status: CheckoutStatus };
/** What was lost in a month, in one currency. */
export type BillingChurnRow = { churned_count: number; churned_minor: number; currency: string; gross_revenue_churn_rate: number; month: string; net_revenue_churn_rate: number; opening_count: number; opening_minor: number; subscription_churn_rate: number };
/** A metric of the period that is under way. */
export type BillingCurrentUsageRow = { count: number; customer_id: string; latest?: number | null; max?: number | null; metric: string; period_end?: string | null; period_start: string; plan_id: string; subscription_id: string; sum: number; unique_count: number; updated_at: string };
/** A customer. */
export type BillingCustomerListRow = { country?: string | null; created_at: string; email?: string | null; erased: boolean; external_id?: string | null; id: string; name?: string | null; tax_exempt: boolean; tax_id?: string | null; updated_at: string; version: number };
/** Erases what is personal, here and at the payment providers. */
export type BillingCustomerErase = { reason: string };
/** Says under which id a payment provider knows the customer. */
export type BillingCustomerLink = { external_id: string; provider: string };
/** Registers a customer, under the id that the CRM has for the contact or company. */
export type BillingCustomerRegister = { address?: Address3 | null; country?: string | null; email?: string | null; name: string; tax_exempt?: boolean; tax_id?: string | null };
/** A customer's state. */
export type BillingCustomerState = { erased: boolean; external_ids: Record<string, any>; profile?: BillingProfile | null };
/** Says that a payment provider knows the customer no more. */
export type BillingCustomerUnlink = { provider: string };
/** Changes facts about a customer: an absent field stays, `null` clears it. */
export type BillingCustomerUpdate = { address?: Address3 | null; country?: string | null; email?: string | null; name?: string | null; tax_exempt?: boolean | null; tax_id?: string | null };
/** A difference. */
export type BillingDriftListRow = { external_id?: string | null; found_at: string; id: string; kind: DriftKind; note?: string | null; object: string; object_id?: string | null; ours?: string | null; reconciliation_id: string; repaired: boolean; theirs?: string | null };
/** Defines how unpaid amounts are asked for again. */
export type BillingDunningPolicyDefine = { entitlement_ends_at_step: number; final_action?: FinalAction; final_days: number; retry_days: number[] };
/** A dunning policy's state. */
export type BillingDunningPolicyState = { rules?: DunningRules | null };
/** A feature of a subscription. */
export type BillingEntitlementsRow = { customer_id: string; feature: string; granted: boolean; plan_id: string; source: string; status: SubscriptionState; subscription_id: string; until?: string | null; value: FeatureValue };
/** A change. */
export type BillingMrrMovementRow = { after_minor: number; at: string; before_minor: number; currency: string; customer_id: string; delta_minor: number; id: string; kind: MovementKind3; plan_id: string; subscription_id: string };
/** Recurring revenue of a month in one currency, in minor units. */
export type BillingMrrRow = { churn_minor: number; closing_minor: number; contraction_minor: number; currency: string; expansion_minor: number; month: string; new_minor: number; opening_minor: number };
/** What is overdue, in one currency and for so many days. */
export type BillingOverdueRow = { amount_minor: number; currency: string; customer_count: number; days: string; payment_count: number; subscription_count: number };
/** A payment. */
export type BillingPaymentListRow = { action_url?: string | null; amount_minor: number; attempt: number; authorized_minor: number; captured_at?: string | null; captured_minor: number; charged_back_minor: number; currency: string; customer_id: string; customer_name?: string | null; disputed_minor: number; disputes: Record<string, Dispute>; due_at?: string | null; due_on: string; error_code?: string | null; error_message?: string | null; external_id?: string | null; id: string; invoice_id?: string | null; method?: string | null; overdue: boolean; overdue_since?: string | null; reference?: string | null; refund_requested_minor: number; refunded_minor: number; refunds: Record<string, Refund2>; requested_at: string; status: PaymentState2; step: number; subscription_id?: string | null; updated_at: string; version: number };
/** Says what is still owed of it, because the invoice was paid or credited in part, or is owed again. */
export type BillingPaymentAdjust = { amount: Money; reason?: string | null };
/** Says that an amount is held for us. */
export type BillingPaymentAuthorize = { amount?: Money | null; expires_at?: string | null; external_id: string };
/** Says that the money is ours: the provider tells, or somebody saw it on the bank account. */
export type BillingPaymentCapture = { amount?: Money | null; captured_at?: string | null; external_id?: string | null; method?: string | null; recorded?: boolean };
/** Says how a dispute ended. */
export type BillingPaymentCloseChargeback = { dispute_id: string; outcome: ChargebackOutcome };
/** Says that money was given back. */
export type BillingPaymentCompleteRefund = { amount?: Money | null; external_id?: string | null; refund_id: string };
/** Takes the next step of dunning. */
export type BillingPaymentDun = Record<string, never>;
/** Says that an attempt to collect the amount failed. */
export type BillingPaymentFail = { attempt?: number | null; code: string; external_id?: string | null; message?: string | null };
/** Says that money could not be given back. */
export type BillingPaymentFailRefund = { external_id?: string | null; reason: string; refund_id: string };
/** Says that the payer's bank demands the money back. */
export type BillingPaymentOpenChargeback = { amount?: Money | null; dispute_id: string; reason: string };
/** Gives money back. */
export type BillingPaymentRefund = { amount?: Money | null; reason?: string | null; refund_id: string };
/** Asks for a payment. */
export type BillingPaymentRequest = { amount: Money; capture?: CaptureMode; customer_id: string; due_on?: string | null; invoice_id?: string | null; reference?: string | null; subscription_id?: string | null };
/** Asks the provider to capture what it holds. */
export type BillingPaymentRequestCapture = { amount?: Money | null };
/** Says that the payer must do something. */
export type BillingPaymentRequireAction = { external_id: string; url?: string | null };
/** A payment's state. */
export type BillingPaymentState = { adjusted_minor?: number | null; again?: Record<string, any>; attempt: number; authorized_minor: number; capture_requested: boolean; captured_minor: number; disputes: Record<string, any>; external_id?: string | null; failed_attempt: number; held_until?: string | null; method?: string | null; next_at?: string | null; overdue: boolean; recorded?: boolean; refunds: Record<string, Refund2>; request?: PaymentRequested | null; status: PaymentStatus; step: number };
/** Calls the payment off. */
export type BillingPaymentVoid = { reason?: string | null };
/** A plan. */
export type BillingPlanListRow = { charges: Charge[]; created_at: string; currency: string; description?: string | null; entitlements: Record<string, any>; external_price_id?: string | null; id: string; interval_count: number; interval_unit: string; monthly_minor: number; name: string; plan_version: number; price_minor: number; retired: boolean; tax_rate_percent?: number | null; trial_days: number; updated_at: string; version: number };
/** Names the price of the newest version at the payment provider. */
export type BillingPlanLink = { price_id: string; product_id?: string | null; provider: string; version: number };
/** Publishes a version of a plan. */
export type BillingPlanPublish = { charges?: Charge[]; description?: string | null; entitlements?: Record<string, any>; interval?: Interval; name: string; price: Money; tax_rate_percent?: string | null; trial_days?: number };
/** Takes a plan from sale. */
export type BillingPlanRetire = Record<string, never>;
/** A plan's state. */
export type BillingPlanState = { link?: PriceLink | null; retired: boolean; terms?: Terms3 | null; version: number };
/** A difference that the last comparison found. */
export type BillingReconciliationDriftRow = { external_id?: string | null; finished_at: string; kind: DriftKind; note?: string | null; object: string; object_id?: string | null; ours?: string | null; reconciliation_id: string; repaired: boolean; theirs?: string | null };
/** A comparison. */
export type BillingReconciliationListRow = { compared: Compared[]; drift_count: number; finished_at: string; id: string; provider: string; repaired_count: number; started_at: string };
/** Records a comparison with the payment provider. */
export type BillingReconciliationRecord = { compared: Compared[]; drift_count?: number; drifts?: Drift[]; provider: string; started_at: string };
/** A reconciliation's state. */
export type BillingReconciliationState = { drift_count: number };
/** A subscription. */
export type BillingSubscriptionListRow = { billed_by: Biller; cancel_at?: string | null; cancel_reason?: string | null; credit_minor: number; currency: string; customer_id: string; customer_name?: string | null; due_at?: string | null; end_reason?: string | null; ended_at?: string | null; entitled: boolean; entitlements: Record<string, any>; external_id?: string | null; id: string; interval_count: number; interval_unit: string; net_days: number; overdue_payments: string[]; overrides: Record<string, any>; period_end: string; period_start: string; plan_id: string; plan_name: string; plan_version: number; price_minor: number; provider_status?: ProviderStatus | null; quantity: number; recurring_minor: number; scheduled_plan_id?: string | null; scheduled_quantity?: number | null; started_at: string; status: SubscriptionState; suspended_by: string[]; trial_end?: string | null; updated_at: string; version: number };
/** Bills the period that is over. */
export type BillingSubscriptionBillPeriod = Record<string, never>;
/** Cancels. */
export type BillingSubscriptionCancel = { prorate?: boolean; reason?: string | null; when?: Effective };
/** Changes plan, version or quantity. */
export type BillingSubscriptionChangePlan = { plan_id?: string | null; prorate?: boolean; quantity?: number | null; when?: Effective };
/** Ends a subscription whose payment is overdue, without a further bill. */
export type BillingSubscriptionExpire = { reason?: string | null };
/** Grants a feature differently from the plan. */
export type BillingSubscriptionOverrideEntitlement = { feature: string; reason?: string | null; until?: string | null; value?: FeatureValue | null };
/** Takes back a cancellation that has not happened yet. */
export type BillingSubscriptionResume = Record<string, never>;
/** Starts a subscription. */
export type BillingSubscriptionStart = { customer_id: string; net_days?: number; plan_id: string; quantity?: number; start_at?: string | null; trial_days?: number | null };
/** A subscription's state. */
export type BillingSubscriptionState = { anchor?: string | null; began_at?: string | null; billed_by: Biller; bills?: any[][]; cancellation?: CancellationScheduled | null; credit_minor: number; customer_id: string; customer_name?: string | null; last_bill?: any[] | null; net_days: number; number: number; overdue: string[]; overrides: Record<string, any>; pending: Line2[]; period?: Period | null; plan?: PlanVersion | null; provider?: any[] | null; quantity: number; recurring_minor: number; requested?: ProviderChange | null; scheduled?: ScheduledChange | null; standing: Standing; suspended_by: string[] };
/** Tells how a subscription stands that the payment provider bills. */
export type BillingSubscriptionSync = { cancel_at?: string | null; customer_id: string; ended_at?: string | null; external_id: string; observed_at: string; period_end: string; period_start: string; plan_id: string; quantity: number; started_at: string; status: ProviderStatus; trial_end?: string | null };
/** Takes over a subscription that was sold and billed elsewhere, with its past. */
export type BillingSubscriptionTakeOver = { billed_until?: string | null; customer_id: string; end_reason?: string | null; ended_at?: string | null; net_days?: number; terms: PastTerms[] };
/** A metric in a period. */
export type BillingUsageListRow = { closed: boolean; count: number; customer_id: string; id: string; latest?: number | null; max?: number | null; metric: string; period_start: string; subscription_id: string; sum: number; unique_count: number; updated_at: string };
/** Records usage of the subscription with this id: 1 to 1,000 records, each of which counts once. */
export type BillingUsageRecord = { records: UsageRecord[] };
/** The usage of a subscription. */
export type BillingUsageState = { open: Record<string, PeriodTotals>; remembers_from?: string | null; seen: Record<string, string[]> };
/** An activity. */
export type CrmActivityTimelineRow = { assignee?: string | null; at: string; cancel_reason?: string | null; company_id?: string | null; completed_at?: string | null; contact_id?: string | null; created_at: string; deal_id?: string | null; due_at: string; duration_minutes?: number | null; id: string; kind: ActivityKind; lead_id?: string | null; note?: string | null; outcome?: string | null; status: ActivityState; subject: string; updated_at: string; version: number };
/** Calls a planned activity off. */
export type CrmActivityCancel = { reason?: string | null };
/** Says that an activity was done. */
export type CrmActivityComplete = { completed_at?: string | null; outcome?: string | null };
/** Gives a planned activity to someone else. */
export type CrmActivityReassign = { assignee: string };
/** Gives a planned activity another time. */
export type CrmActivityReschedule = { due_at: string; duration_minutes?: number | null };
/** Plans an activity. */
export type CrmActivitySchedule = { about: Subjects; assignee?: string | null; due_at: string; duration_minutes?: number | null; kind: ActivityKind; note?: string | null; subject: string };
/** An activity's state. */
export type CrmActivityState = { plan?: ActivityScheduled | null; status: ActivityStatus };
/** All about one company. */
export type CrmCompany360Row = { company: CompanyRow; contact_count: number; contacts: ContactRow[]; next_activities: ActivityRow[]; open_deal_count: number; open_deals: DealRow[]; parent?: Named | null; recent_activities: ActivityRow[]; subsidiaries: Named[]; subsidiary_count: number; totals: DealTotals[] };
/** Companies that may be the same. */
export type CrmCompanyDuplicatesRow = { companies: DuplicateCompany[]; company_count: number; reason: string; value: string };
/** A company. */
export type CrmCompanyListRow = { address?: Address | null; annual_revenue_currency?: string | null; annual_revenue_minor?: number | null; city?: string | null; country?: string | null; created_at: string; custom: Record<string, any>; domain?: string | null; employees?: number | null; id: string; industry?: string | null; merged_ids: string[]; name: string; note?: string | null; owner?: string | null; parent_id?: string | null; phone?: string | null; sort_name: string; tags: string[]; updated_at: string; version: number; website?: string | null };
/** Erases the company's data, for instance those of a sole trader who asks for it, in this company and in all that were ever merged into it. */
export type CrmCompanyErase = { reason: string };
/** Makes the company belong to a parent company. */
export type CrmCompanyLink = { parent_id: string };
/** Merges other companies into this one, the survivor. */
export type CrmCompanyMerge = { choices?: Record<string, string>; losers: string[] };
/** Registers a company. */
export type CrmCompanyRegister = { address?: Address | null; allow_duplicate?: boolean; annual_revenue?: Money | null; custom?: Record<string, any>; domain?: string | null; employees?: number | null; industry?: string | null; name: string; note?: string | null; owner?: string | null; parent_id?: string | null; phone?: string | null; phone_region?: string | null; tags?: string[]; website?: string | null };
/** A company's state. */
export type CrmCompanyState = { merged: string[]; parent_id?: string | null; profile?: CompanyProfile | null; status: Status };
/** Takes the company out of its parent company. */
export type CrmCompanyUnlink = Record<string, never>;
/** Changes facts about a company: an absent field stays, `null` clears it. */
export type CrmCompanyUpdate = { address?: Address | null; allow_duplicate?: boolean; annual_revenue?: Money | null; custom?: Record<string, any>; domain?: string | null; employees?: number | null; industry?: string | null; name?: string | null; note?: string | null; owner?: string | null; phone?: string | null; phone_region?: string | null; tags?: string[] | null; website?: string | null };
/** All about one contact. */
export type CrmContact360Row = { company?: CompanyRow | null; contact: ContactRow; deal_count: number; deals: DealRow[]; lead_count: number; leads: LeadOfContact[]; next_activities: ActivityRow[]; open_deal_count: number; recent_activities: ActivityRow[]; totals: DealTotals[] };
/** A contact. */
export type CrmContactListRow = { address?: Address | null; city?: string | null; company_id?: string | null; company_name?: string | null; country?: string | null; created_at: string; custom: Record<string, any>; display_name: string; email?: string | null; family_name?: string | null; given_name?: string | null; id: string; job_title?: string | null; merged_ids: string[]; note?: string | null; owner?: string | null; phone?: string | null; sort_name: string; source?: string | null; tags: string[]; updated_at: string; version: number };
/** Erases the person's data, in this contact and in all that were ever merged into it. */
export type CrmContactErase = { reason: string };
/** Makes the contact belong to a company. */
export type CrmContactLink = { company_id: string };
/** Merges other contacts into this one, the survivor. */
export type CrmContactMerge = { choices?: Record<string, string>; losers: string[] };
/** Registers a contact. */
export type CrmContactRegister = { address?: Address | null; allow_duplicate?: boolean; company_id?: string | null; company_name?: string | null; custom?: Record<string, any>; email?: string | null; family_name?: string | null; given_name?: string | null; job_title?: string | null; note?: string | null; owner?: string | null; phone?: string | null; phone_region?: string | null; source?: string | null; tags?: string[] };
/** A contact's state. */
export type CrmContactState = { company_id?: string | null; merged: string[]; profile: Profile; status: Status };
/** Takes the contact out of its company. */
export type CrmContactUnlink = Record<string, never>;
/** Changes facts about a contact: an absent field stays, `null` clears it. */
export type CrmContactUpdate = { address?: Address | null; allow_duplicate?: boolean; company_name?: string | null; custom?: Record<string, any>; email?: string | null; family_name?: string | null; given_name?: string | null; job_title?: string | null; note?: string | null; owner?: string | null; phone?: string | null; phone_region?: string | null; source?: string | null; tags?: string[] | null };
/** A custom field. */
export type CrmCustomFieldListRow = { created_at: string; entity: CustomEntity; id: string; key: string; label: string; options: string[]; retired: boolean; type: FieldType; updated_at: string; version: number };
/** Defines a custom field. */
export type CrmCustomFieldDefine = { label: string; options?: string[]; type: FieldType };
/** Retires a field: it takes no new values. */
export type CrmCustomFieldRetire = Record<string, never>;
/** A custom field's state. */
export type CrmCustomFieldState = { field_type: FieldType; label?: string | null; options: string[]; retired: boolean };
/** Changes the label or the options of a field. */
export type CrmCustomFieldUpdate = { label?: string | null; options?: string[] | null };
/** A deal. */
export type CrmDealListRow = { amount_minor?: number | null; closed_at?: string | null; closed_on?: string | null; company_id?: string | null; competitor?: string | null; contact_id?: string | null; currency?: string | null; custom: Record<string, any>; expected_close?: string | null; id: string; loss_note?: string | null; lost_reason?: string | null; name: string; note?: string | null; opened_at: string; owner?: string | null; pipeline_id: string; probability_percent: number; source?: string | null; stage_entered_at: string; stage_id: string; stage_name: string; status: DealState; tags: string[]; updated_at: string; version: number; weighted_minor?: number | null };
/** A stay of a deal in a stage. */
export type CrmDealStageHistoryRow = { deal_id: string; entered_at: string; from_stage_id?: string | null; id: string; left_at?: string | null; number: number; outcome?: Outcome | null; pipeline_id: string; probability_percent: number; seconds?: number | null; stage_id: string; stage_name: string; to_stage_id?: string | null };
/** Loses an open deal. */
export type CrmDealLose = { closed_on?: string | null; competitor?: string | null; note?: string | null; reason: string };
/** Moves an open deal to another open stage, of another pipeline if one is named. */
export type CrmDealMoveStage = { pipeline_id?: string | null; stage: string };
/** Opens a deal. */
export type CrmDealOpen = { amount?: Money | null; company_id?: string | null; contact_id?: string | null; custom?: Record<string, any>; expected_close?: string | null; name: string; note?: string | null; owner?: string | null; pipeline_id?: string | null; source?: string | null; stage?: string | null; tags?: string[] };
/** Opens a closed deal again, in its last open stage. */
export type CrmDealReopen = Record<string, never>;
/** Says what an open deal is worth. */
export type CrmDealSetAmount = { amount?: Money | null };
/** A deal's state. */
export type CrmDealState = { amount?: Money | null; facts?: DealFacts | null; pipeline_id: string; position?: Position | null; status: DealStatus };
/** Changes facts about a deal, open or closed: an absent field stays, `null` clears it. */
export type CrmDealUpdate = { company_id?: string | null; contact_id?: string | null; custom?: Record<string, any>; expected_close?: string | null; name?: string | null; note?: string | null; owner?: string | null; source?: string | null; tags?: string[] | null };
/** Wins an open deal. */
export type CrmDealWin = { closed_on?: string | null };
/** Contacts that may be the same person. */
export type CrmDuplicatesRow = { contact_count: number; contacts: DuplicateContact[]; reason: string; value: string };
/** What one month may bring in one pipeline and currency. */
export type CrmForecastRow = { amount_minor: number; currency?: string | null; month?: string | null; open_count: number; overdue_count: number; pipeline_id: string; unvalued_count: number; weighted_minor: number; won_count: number; won_minor: number };
/** A lead. */
export type CrmLeadListRow = { activities: number; address?: Address | null; city?: string | null; company_id?: string | null; company_name?: string | null; contact_id?: string | null; country?: string | null; created_at: string; custom: Record<string, any>; deal_id?: string | null; display_name: string; email?: string | null; estimated_value_currency?: string | null; estimated_value_minor?: number | null; family_name?: string | null; given_name?: string | null; id: string; job_title?: string | null; last_activity_at?: string | null; note?: string | null; owner?: string | null; phone?: string | null; rest_until?: string | null; score: number; score_reasons: ScoreReason[]; score_version: number; source?: string | null; status: LeadStage; status_changed_at: string; status_reason?: string | null; tags: string[]; updated_at: string; version: number; website?: string | null };
/** Gives the lead to someone to work on. */
export type CrmLeadAssign = { owner: string };
/** Captures a lead. */
export type CrmLeadCapture = { address?: Address | null; allow_duplicate?: boolean; company_name?: string | null; custom?: Record<string, any>; email?: string | null; family_name?: string | null; given_name?: string | null; job_title?: string | null; note?: string | null; owner?: string | null; phone?: string | null; phone_region?: string | null; source?: string | null; tags?: string[]; website?: string | null };
/** Converts a qualified lead: links or makes the contact, if asked for the company, and if asked opens a deal. */
export type CrmLeadConvert = { allow_duplicate?: boolean; company_id?: string | null; contact_id?: string | null; create_company?: boolean; deal?: DealOfLead | null; new_company_id?: string | null; new_contact_id?: string | null };
/** Gives the lead up. */
export type CrmLeadDisqualify = { reason: string };
/** Erases the person's data. */
export type CrmLeadErase = { reason: string };
/** Says that a lead in work is worth a sales effort. */
export type CrmLeadQualify = { estimated_value?: Money | null; note?: string | null };
/** Puts the lead back until the time is right. */
export type CrmLeadRecycle = { reason: string; until?: string | null };
/** A lead's state. */
export type CrmLeadState = { estimated_value?: Money | null; owner?: string | null; profile: LeadProfile; status: LeadStatus };
/** Changes facts about a lead that is not converted: an absent field stays, `null` clears it. */
export type CrmLeadUpdate = { address?: Address | null; allow_duplicate?: boolean; company_name?: string | null; custom?: Record<string, any>; email?: string | null; family_name?: string | null; given_name?: string | null; job_title?: string | null; note?: string | null; phone?: string | null; phone_region?: string | null; source?: string | null; tags?: string[] | null; website?: string | null };
/** Deals that were lost for one reason. */
export type CrmLossReasonsRow = { amount_minor: number; competitor?: string | null; currency?: string | null; deal_count: number; reason: string };
/** The open deals of one stage in one currency. */
export type CrmPipelineByStageRow = { amount_minor: number; currency?: string | null; deal_count: number; oldest_entered_at?: string | null; pipeline_id: string; pipeline_name?: string | null; position?: number | null; probability_percent: number; stage_id: string; stage_name: string; unvalued_count: number; weighted_minor: number };
/** A pipeline. */
export type CrmPipelineListRow = { created_at: string; id: string; name: string; retired_stages: string[]; stages: Stage[]; updated_at: string; version: number };
/** Adds a stage. */
export type CrmPipelineAddStage = { before?: string | null; stage: Stage };
/** Changes the name or the probability of a stage. */
export type CrmPipelineChangeStage = { name?: string | null; probability_percent?: number | null; stage_id: string };
/** Defines a pipeline. */
export type CrmPipelineDefine = { name: string; stages: Stage[] };
/** Gives a pipeline another name. */
export type CrmPipelineRename = { name: string };
/** Puts the stages in another order. */
export type CrmPipelineReorderStages = { order: string[] };
/** Closes a stage to further deals. */
export type CrmPipelineRetireStage = { stage_id: string };
/** A pipeline's state. */
export type CrmPipelineState = { name?: string | null; retired: string[]; stages: Stage[] };
/** Open deals of one stage and currency that have been there for so many days. */
export type CrmStageAgeingRow = { amount_minor: number; currency?: string | null; deal_count: number; from_days: number; oldest_days: number; oldest_deal_id: string; pipeline_id: string; stage_id: string; stage_name: string; to_days?: number | null; weighted_minor: number };
/** What became of the deals that entered a stage. */
export type CrmStageConversionRow = { deal_count: number; deals_lost_count: number; deals_won_count: number; entered_count: number; in_stage_count: number; left_count: number; lost_count: number; median_seconds?: number | null; move_on_rate?: number | null; moved_on_count: number; p90_seconds?: number | null; pipeline_id: string; probability_percent: number; returned_count: number; stage_id: string; stage_name: string; win_rate?: number | null; won_count: number };
/** Stock of an item by its age. */
export type InventoryAgeingRow = { currency: string; from_days: number; item_id: string; layer_count: number; oldest_on: string; product_id: string; product_name: string; quantity: number; sku: string; to_days?: number | null; value_minor: number; warehouse_id: string; warehouse_name: string };
/** What can be promised of a product. */
export type InventoryAvailabilityRow = { allocated: number; available: number; on_hand: number; product_id: string; product_name: string; reserved: number; safety_stock: number; sku: string; unit: string; warehouses: AvailableIn[] };
/** How long an item lasts. */
export type InventoryDaysOfCoverRow = { days_of_cover?: number | null; item_id: string; on_hand: number; product_id: string; product_name: string; runs_out_on?: string | null; shipped: number; shipped_per_day: number; sku: string; warehouse_id: string; warehouse_name: string };
/** What is left of a receipt. */
export type InventoryLayerListRow = { id: string; item_id: string; layer: string; product_id: string; quantity: number; received_on: string; sku: string; value_minor: number; warehouse_id: string };
/** A movement of an item. */
export type InventoryMovementListRow = { booked_on: string; counted?: number | null; currency?: Currency | null; customer_id?: string | null; effective_on: string; expensed_minor: number; id: string; item_id: string; kind: MovementKind; movement_id: string; note?: string | null; on_hand: number; other_warehouse_id?: string | null; product_id: string; quantity: number; reason?: string | null; recorded_at: string; reference?: string | null; reservation_id?: string | null; shipment_id?: string | null; sku: string; stock_value_minor?: number | null; supplier?: string | null; value_minor: number; warehouse_id: string };
/** A product. */
export type InventoryProductListRow = { barcode?: string | null; category?: string | null; cost_minor?: number | null; created_at: string; currency: Currency; description?: string | null; discontinued: boolean; id: string; name: string; price_currency?: Currency | null; price_minor?: number | null; reorder_point?: number | null; reorder_quantity?: number | null; safety_stock: number; sku: string; sort_name: string; supplier?: string | null; unit: string; updated_at: string; valuation: Valuation; version: number };
/** Creates a product. */
export type InventoryProductCreate = { barcode?: string | null; category?: string | null; cost?: Money | null; currency?: Currency | null; description?: string | null; name: string; price?: Money | null; reorder_point?: number | null; reorder_quantity?: number | null; safety_stock?: number | null; sku: string; supplier?: string | null; unit?: string | null; valuation?: Valuation };
/** Stops buying a product: nothing is received any more, what is in stock is sold off. */
export type InventoryProductDiscontinue = { reason?: string | null };
/** Says what a piece is sold for. */
export type InventoryProductPrice = { price?: Money | null };
/** Buys a discontinued product again. */
export type InventoryProductReinstate = Record<string, never>;
/** Gives a product another name. */
export type InventoryProductRename = { name: string };
/** A product's state. */
export type InventoryProductState = { discontinued: boolean; facts: ProductFacts; name: string; price?: Money | null; terms?: Terms | null };
/** Changes facts about a product: an absent field stays, `null` clears it. */
export type InventoryProductUpdate = { barcode?: string | null; category?: string | null; cost?: Money | null; description?: string | null; name?: string | null; price?: Money | null; reorder_point?: number | null; reorder_quantity?: number | null; safety_stock?: number | null; supplier?: string | null };
/** An item below its reorder point. */
export type InventoryReorderListRow = { allocated: number; currency: string; item_id: string; level: number; on_hand: number; order_quantity: number; order_value_minor?: number | null; product_id: string; product_name: string; reorder_point: number; shortfall: number; sku: string; suggested_at?: string | null; suggestion_id?: string | null; supplier?: string | null; unit_cost_minor?: number | null; warehouse_id: string; warehouse_name: string };
/** A suggestion. */
export type InventoryReorderSuggestionListRow = { created_at: string; decided_at?: string | null; id: string; item_id: string; level: number; ordered_quantity?: number | null; product_id: string; product_name: string; quantity: number; reason?: string | null; reference?: string | null; reorder_point: number; sku: string; status: SuggestionState; supplier?: string | null; version: number; warehouse_id: string };
/** Says that it was ordered. */
export type InventoryReorderSuggestionAccept = { quantity?: number | null; reference?: string | null };
/** Decides against it. */
export type InventoryReorderSuggestionDismiss = { reason: string };
/** A suggestion's state. */
export type InventoryReorderSuggestionState = { item_id: string; quantity: number; status: SuggestionStatus };
/** Suggests to order a product. */
export type InventoryReorderSuggestionSuggest = { level: number; product_id: string; product_name: string; quantity: number; reorder_point: number; sku: string; supplier?: string | null; warehouse_id: string };
/** Takes back an open suggestion that is no longer needed; does nothing to one that was decided. */
export type InventoryReorderSuggestionWithdraw = Record<string, never>;
/** A reservation or an allocation of one item. */
export type InventoryReservationListRow = { aggregate_id: string; created_at: string; due_at?: string | null; expires_at?: string | null; id: string; joint: boolean; open_quantity: number; product_id: string; quantity: number; reference?: string | null; reservation_id: string; sku: string; status: HoldStatus; updated_at: string; warehouse_id: string };
/** An article number's state. */
export type InventorySkuState = { product_id: string };
/** Makes the books agree with what is there: damage, loss, theft, a find. */
export type InventoryStockItemAdjust = { movement_id: string; note?: string | null; quantity: number; reason: string; unit_cost?: Money | null };
/** Commits pieces without an end: those of a reservation, or available ones. */
export type InventoryStockItemAllocate = { quantity?: number | null; reference?: string | null; reservation_id: string };
/** Records a count. */
export type InventoryStockItemCount = { counted: number; movement_id: string; note?: string | null; unit_cost?: Money | null };
/** Ends the reservations whose time is over. */
export type InventoryStockItemExpireReservations = Record<string, never>;
/** Receives goods. */
export type InventoryStockItemReceive = { movement_id: string; quantity: number; received_on?: string | null; reference?: string | null; supplier?: string | null; total_cost?: Money | null; unit_cost?: Money | null };
/** Frees what a reservation or an allocation keeps. */
export type InventoryStockItemRelease = { reservation_id: string };
/** Keeps available pieces for somebody until a time. */
export type InventoryStockItemReserve = { quantity: number; reference?: string | null; reservation_id: string; ttl_seconds?: number | null };
/** Takes goods back from a customer, at what they were worth when they left. */
export type InventoryStockItemReturn = { movement_id: string; quantity: number; reason?: string | null; reference?: string | null; shipment_id: string };
/** Sets what the stock is worth, such as to its lower net realisable value. */
export type InventoryStockItemRevalue = { movement_id: string; note?: string | null; value: Money };
/** Looks whether the item is to be ordered again, and says so where that has changed: with the product's reorder point, or because the product is no longer bought, or is again. */
export type InventoryStockItemReviewReorder = Record<string, never>;
/** Ships goods to a customer: those that a reservation or allocation keeps, or free ones, safety stock included. */
export type InventoryStockItemShip = { customer_id?: string | null; movement_id: string; quantity?: number | null; reference?: string | null; reservation_id?: string | null };
/** A stock item's state. */
export type InventoryStockItemState = { below?: number | null; currency?: Currency | null; falls: number; goods?: Goods | null; holds: Record<string, Hold>; stock: Stock };
/** Moves free goods to another warehouse; their value and their age move with them. */
export type InventoryStockItemTransfer = { movement_id: string; quantity: number; to_warehouse_id: string };
/** A product in a warehouse. */
export type InventoryStockListRow = { allocated: number; available: number; below: boolean; created_at: string; currency: Currency; discontinued: boolean; due_at?: string | null; id: string; last_counted_on?: string | null; last_received_on?: string | null; last_shipped_on?: string | null; low: boolean; on_hand: number; product_id: string; product_name: string; reorder_point?: number | null; reorder_quantity?: number | null; reserved: number; safety_stock: number; sku: string; unit: string; updated_at: string; valuation: Valuation; value_minor: number; version: number; warehouse_id: string; warehouse_name: string };
/** Corrects what the goods of a receipt cost. */
export type InventoryStockMovementAdjustCost = { total_cost?: Money | null; unit_cost?: Money | null };
/** Takes over stock that was there before it was kept here. */
export type InventoryStockMovementOpenStock = ReceiveGoods;
/** Receives goods from a supplier, named as files and scanners name them. */
export type InventoryStockMovementReceive = { product_id?: string | null; quantity: number; received_on?: string | null; reference?: string | null; sku?: string | null; supplier?: string | null; total_cost?: Money | null; unit_cost?: Money | null; warehouse_id?: string | null };
/** Records a movement of the past: it counts in the books on its own day (on the next open one where the books of the day are closed), and takes or brings the value that the stock has when it is recorded. */
export type InventoryStockMovementRecord = { customer_id?: string | null; date?: string | null; kind: RecordKind; product_id?: string | null; quantity: number; reason?: string | null; reference?: string | null; shipment_id?: string | null; sku?: string | null; supplier?: string | null; total_cost?: Money | null; unit_cost?: Money | null; warehouse_id?: string | null };
/** A movement's state. */
export type InventoryStockMovementState = { asked: number; item_id: string; kind?: Kind | null; places: string[]; returned: number; returned_minor: number; value_minor: number };
/** A reservation. */
export type InventoryStockReservationListRow = { created_at: string; customer_id?: string | null; due_at?: string | null; expires_at?: string | null; id: string; lines: LineRow[]; quantity: number; reason?: string | null; reference?: string | null; shipped: number; status: ReservationStatus; updated_at: string; version: number };
/** Commits all that is kept, without an end. */
export type InventoryStockReservationAllocate = Record<string, never>;
/** Ends the reservation if its time is over. */
export type InventoryStockReservationExpire = Record<string, never>;
/** Keeps all that is wanted until a time, or nothing where one item is short. */
export type InventoryStockReservationPlace = { customer_id?: string | null; lines: WantedLine[]; reference?: string | null; ttl_seconds?: number | null };
/** Gives up what has not left. */
export type InventoryStockReservationRelease = { reason?: string | null };
/** Ships what is kept, all of it or some. */
export type InventoryStockReservationShip = { lines?: LeavingLine[]; shipment_id: string };
/** A reservation's state. */
export type InventoryStockReservationState = { customer_id?: string | null; expires_at?: string | null; lines: OpenLine[]; reference?: string | null; shipments: string[]; status: ReservationStatus };
/** What the stock of a warehouse is worth. */
export type InventoryValuationSummaryRow = { category?: string | null; currency: string; product_count: number; value_minor: number; warehouse_id: string; warehouse_name: string };
/** What an item is worth. */
export type InventoryValuationRow = { average_minor?: number | null; currency: string; item_id: string; product_id: string; product_name: string; quantity: number; sku: string; unit: string; valuation: Valuation; value_minor: number; warehouse_id: string; warehouse_name: string };
/** A warehouse. */
export type InventoryWarehouseListRow = { address?: string | null; closed: boolean; created_at: string; id: string; name: string; stocked_products: number; updated_at: string; version: number };
/** A section's state. */
export type InventoryWarehouseSectionState = { stocked: number };
/** Closes a warehouse that holds no stock. */
export type InventoryWarehouseClose = Record<string, never>;
/** Opens a warehouse. */
export type InventoryWarehouseOpen = { address?: string | null; name: string };
/** Gives a warehouse another name. */
export type InventoryWarehouseRename = { name: string };
/** Opens a closed warehouse again. */
export type InventoryWarehouseReopen = Record<string, never>;
/** A warehouse's state. */
export type InventoryWarehouseState = { address?: string | null; closed: boolean; name: string };
/** A bill. */
export type InvoicingBillListRow = { approved_at?: string | null; approved_by?: string | null; created_at: string; credited_minor: number; currency: string; date: string; disputed?: string | null; due_date: string; entries: BillEntry[]; id: string; lines: BillLine[]; net_minor: number; note?: string | null; open_minor: number; paid_minor: number; payment_state: PaymentState; purchase_order?: string | null; reason?: string | null; source_context?: string | null; source_id?: string | null; status: BillStatus; supplier_address?: Address2 | null; supplier_id: string; supplier_name: string; supplier_number: string; supplier_tax_id?: string | null; tax_minor: number; tax_mode: TaxMode; taxes: TaxSum[]; total_minor: number; updated_at: string; version: number };
/** Adds a line, until the bill is approved. */
export type InvoicingBillAddLine = BillLineInput;
/** Approves the bill: it is right and to be paid. */
export type InvoicingBillApprove = Record<string, never>;
/** Records a credit note of the supplier: named lines, or an amount spread over all lines, or all that is left. */
export type InvoicingBillCredit = { amount?: Money | null; date?: string | null; lines?: LineCredit[]; reason?: string | null; reference: string };
/** Says that the bill is not accepted as it is. */
export type InvoicingBillDispute = { reason: string };
/** Enters a bill as the supplier sent it. */
export type InvoicingBillEnter = { currency: Currency; date: string; due_date?: string | null; lines?: BillLineInput[]; note?: string | null; purchase_order?: string | null; source?: Source | null; supplier_address?: Address2 | null; supplier_id: string; supplier_name: string; supplier_number: string; supplier_tax_id?: string | null; tax_mode?: TaxMode; total?: Money | null };
/** Erases the supplier's data from the bill, once the time is over for which it must be kept. */
export type InvoicingBillEraseSupplier = { reason: string };
/** Adds a line of an imported bill, which the first line enters. */
export type InvoicingBillImportLine = { account?: string | null; date: string; description: string; discount?: Discount | null; due_date?: string | null; expense_role?: ExpenseRole; line_id?: string | null; note?: string | null; product_id?: string | null; quantity?: string | number | null; sku?: string | null; supplier_id?: string | null; supplier_name: string; supplier_number?: string | null; tax_amount?: string | number | null; tax_mode?: TaxMode; tax_rate_percent?: string | number | null; unit_price: UnitPrice };
/** Records that the bill was paid, or a part of it; no more than is open. */
export type InvoicingBillRecordPayment = { amount: Money; date?: string | null; method?: PaymentMethod; reference: string };
/** Records that the supplier paid back what credit notes gave beyond what was open. */
export type InvoicingBillRecordRefund = { amount: Money; date?: string | null; method?: PaymentMethod; reference: string };
/** Takes a line out, until the bill is approved. */
export type InvoicingBillRemoveLine = { line_id: string };
/** Records that a payment came back. */
export type InvoicingBillReversePayment = { date?: string | null; reason: string; reference: string };
/** Settles a dispute. */
export type InvoicingBillSettleDispute = { note?: string | null };
/** A bill's state. */
export type InvoicingBillState = { credit_notes: Record<string, any>; credited: Record<string, any>; disputed?: string | null; erased: boolean; header?: BillHeader | null; lines: BillLine[]; open_minor: number; paid_minor: number; payments: BillPayment[]; refunds: Record<string, any>; status: BillStatus; totals?: Totals | null };
/** Changes what was entered, until it is approved: an absent field stays, `null` clears it. */
export type InvoicingBillUpdate = { date?: string | null; due_date?: string | null; note?: string | null; purchase_order?: string | null; supplier_address?: Address2 | null; supplier_name?: string | null; supplier_number?: string | null; supplier_tax_id?: string | null; tax_mode?: TaxMode | null };
/** Makes the bill count as never come. */
export type InvoicingBillVoid = { date?: string | null; reason: string };
/** A credit note. */
export type InvoicingCreditNoteListRow = { applied_minor: number; created_at: string; currency: string; customer_address?: Address2 | null; customer_email?: string | null; customer_id: string; customer_name: string; customer_tax_id?: string | null; date: string; excess_minor: number; id: string; invoice_date: string; invoice_id: string; invoice_number: string; issuer?: IssuerFacts | null; lines: CreditLine[]; net_minor: number; reason: string; reference: string; tax_minor: number; taxes: TaxSum[]; total_minor: number };
/** Erases the customer's name from the account, once there is no credit left to be paid back. */
export type InvoicingCustomerAccountEraseCustomer = { reason: string };
/** Records that credit was paid back to the customer. */
export type InvoicingCustomerAccountRefundCredit = { amount: Money; date?: string | null; method?: PaymentMethod; reference: string };
/** A customer account's state. */
export type InvoicingCustomerAccountState = { credit: Record<string, number>; customer_name?: string | null; refunds: Record<string, any> };
/** The credit of a customer in one currency. */
export type InvoicingCustomerCreditRow = { added_minor: number; credit_minor: number; currency: string; customer_id: string; customer_name: string; id: string; refunded_minor: number; updated_at: string; used_minor: number };
/** A part of a payment, for one invoice. */
export type InvoicingCustomerPaymentAllocate = { amount?: Money | null; invoice_id: string };
/** Erases the payer's name, once the time is over for which it must be kept. */
export type InvoicingCustomerPaymentEraseCustomer = { reason: string };
/** Records a payment of a customer. */
export type InvoicingCustomerPaymentReceive = { allocations?: Allocate[]; amount: Money; customer_id?: string | null; customer_name?: string | null; date?: string | null; invoice_id?: string | null; method?: PaymentMethod; reference: string };
/** Gives back what is for no invoice, or a part of it. */
export type InvoicingCustomerPaymentRefund = { amount?: Money | null; date?: string | null; method?: PaymentMethod | null; reference: string };
/** Records that the whole payment went back: a cheque bounced, a direct debit was returned. */
export type InvoicingCustomerPaymentReverse = { date?: string | null; reason: string };
/** A customer payment's state. */
export type InvoicingCustomerPaymentState = { allocations: Allocation[]; erased: boolean; received?: CustomerPaymentReceived | null; refunds: any[][]; reversed: boolean; unallocated_minor: number };
/** A line of a customer's statement. */
export type InvoicingCustomerStatementRow = { amount_minor: number; balance_minor: number; credit_minor: number; currency: string; date: string; document_id?: string | null; kind: string; number?: string | null; reference?: string | null };
/** An invoice. */
export type InvoicingInvoiceListRow = { created_at: string; credit_notes: CreditNoteEntry[]; credited_minor: number; currency: string; customer_address?: Address2 | null; customer_email?: string | null; customer_id: string; customer_name: string; customer_tax_id?: string | null; date?: string | null; due_at?: string | null; due_date?: string | null; excess_minor: number; id: string; issuer?: IssuerFacts | null; lines: InvoiceLine[]; net_minor: number; note?: string | null; number?: string | null; open_minor: number; overdue: boolean; paid_minor: number; payment_state: PaymentState; payments: PaymentEntry[]; purchase_order?: string | null; reason?: string | null; reference?: string | null; reminded_at?: string | null; reminder_level: number; series: string; source_context?: string | null; source_id?: string | null; source_reference?: string | null; status: InvoiceStatus; tax_minor: number; tax_mode: TaxMode; taxes: TaxSum[]; total_minor: number; updated_at: string; version: number; written_off_minor: number };
/** Adds a line to a draft. */
export type InvoicingInvoiceAddLine = InvoiceLineInput;
/** Settles the invoice with credit of the customer. */
export type InvoicingInvoiceApplyCredit = { amount?: Money | null; date?: string | null; reference: string };
/** Looks whether the invoice is overdue, or a reminder due; sent by the clock, harmless at any time. */
export type InvoicingInvoiceCheckDue = Record<string, never>;
/** Credits the invoice with a credit note of its own number: named lines, or an amount spread over all lines, or all that is left. */
export type InvoicingInvoiceCredit = { amount?: Money | null; date?: string | null; lines?: LineCredit[]; net?: Money | null; reason: string; reference: string; series?: string | null };
/** Throws a draft away. */
export type InvoicingInvoiceDiscard = { reason?: string | null };
/** Drafts an invoice. */
export type InvoicingInvoiceDraft = { currency: Currency; customer_address?: Address2 | null; customer_email?: string | null; customer_id: string; customer_name: string; customer_tax_id?: string | null; date?: string | null; due_date?: string | null; lines?: InvoiceLineInput[]; note?: string | null; number?: string | null; payment_terms_days?: number | null; purchase_order?: string | null; reference?: string | null; series?: string | null; source?: Source | null; tax_mode?: TaxMode };
/** Erases the customer's data from the invoice, once the time is over for which it must be kept. */
export type InvoicingInvoiceEraseCustomer = { reason: string };
/** Makes a draft final: it takes the next number of its series, and its lines cannot be changed any more. */
export type InvoicingInvoiceFinalize = { date?: string | null };
/** Adds a line of an imported invoice to its draft, which the first line drafts. */
export type InvoicingInvoiceImportLine = { account?: string | null; customer_address?: Address2 | null; customer_email?: string | null; customer_id?: string | null; customer_name: string; customer_tax_id?: string | null; date?: string | null; description: string; discount?: Discount | null; due_date?: string | null; line_id?: string | null; note?: string | null; number?: string | null; product_id?: string | null; purchase_order?: string | null; quantity?: string | number | null; revenue_role?: RevenueRole; sku?: string | null; tax_amount?: string | number | null; tax_mode?: TaxMode; tax_rate_percent?: string | number | null; unit_price: UnitPrice };
/** Records a payment of this invoice. */
export type InvoicingInvoiceRecordPayment = { amount: Money; date?: string | null; method?: PaymentMethod; reference: string };
/** Records that money which had paid the invoice went back to the payer: a refund, or a chargeback that was lost. */
export type InvoicingInvoiceRefundPayment = { amount: Money; date?: string | null; method?: PaymentMethod; reason: string; reference: string };
/** Takes a line out of a draft. */
export type InvoicingInvoiceRemoveLine = { line_id: string };
/** Records that a payment went back: a cheque bounced, a direct debit was returned, a card payment was refunded. */
export type InvoicingInvoiceReversePayment = { date?: string | null; reason: string; reference: string };
/** An invoice's state. */
export type InvoicingInvoiceState = { credit_applied: Record<string, any>; credit_notes: Record<string, any>; credited: Record<string, any>; erased: boolean; excess_minor: number; header?: Header | null; issued?: Issued | null; lines: InvoiceLine[]; open_minor: number; overdue: boolean; paid_minor: number; payments: Payment[]; refunds?: Record<string, any>; reminder_level: number; status: InvoiceStatus; totals?: Totals | null; written_off_minor: number };
/** Changes what a draft says: an absent field stays, `null` clears it. */
export type InvoicingInvoiceUpdate = { currency?: Currency | null; customer_address?: Address2 | null; customer_email?: string | null; customer_id?: string | null; customer_name?: string | null; customer_tax_id?: string | null; date?: string | null; due_date?: string | null; note?: string | null; payment_terms_days?: number | null; purchase_order?: string | null; reference?: string | null; series?: string | null; tax_mode?: TaxMode | null };
/** Makes the invoice count as never sent. */
export type InvoicingInvoiceVoid = { date?: string | null; reason: string };
/** Gives up what is open. */
export type InvoicingInvoiceWriteOff = { date?: string | null; reason: string };
/** The issuer. */
export type InvoicingIssuerProfileRow = { facts: IssuerFacts; id: string; name: string; payment_terms_days: number; reminder_days: number[]; updated_at: string; version: number };
/** Says who sends the invoices. */
export type InvoicingIssuerDefine = { address?: Address2 | null; bank_account?: BankAccount | null; email?: string | null; footer?: string | null; name?: string | null; payment_note?: string | null; payment_terms_days?: number | null; phone?: string | null; registration_number?: string | null; reminder_days?: number[] | null; tax_id?: string | null; website?: string | null };
/** The issuer's state. */
export type InvoicingIssuerState = { facts?: IssuerFacts | null; payment_terms_days: number; reminder_days: number[] };
/** A movement of debt or credit. */
export type InvoicingMovementListRow = { amount_minor: number; created_at: string; credit_minor: number; currency: string; date: string; document_id?: string | null; id: string; kind: MovementKind2; number?: string | null; party_id: string; position: number; reference?: string | null; side: Side2 };
/** A number series. */
export type InvoicingNumberSeriesListRow = { id: string; last_number?: string | null; padding?: number | null; prefix?: string | null; retired: boolean; taken: number; updated_at: string; version: number; yearly: boolean };
/** Says how the numbers of a series look. */
export type InvoicingNumberSeriesDefine = { next_number?: number | null; padding?: number | null; prefix: string; yearly?: boolean };
/** Takes a series out of use. */
export type InvoicingNumberSeriesRetire = Record<string, never>;
/** A number series' state. */
export type InvoicingNumberSeriesState = { first: number; format?: NumberFormat | null; last: Record<string, any>; retired: boolean };
/** What one supplier is owed in one currency. */
export type InvoicingPayablesAgeingRow = { bill_count: number; currency: string; days_1_to_30_minor: number; days_31_to_60_minor: number; days_61_to_90_minor: number; days_over_90_minor: number; disputed_minor: number; not_due_minor: number; oldest_days: number; open_minor: number; supplier_id: string; supplier_name: string };
/** A payment or refund. */
export type InvoicingPaymentListRow = { allocations: Part[]; amount_minor: number; created_at: string; currency: string; date: string; direction: Direction; document_id: string; id: string; kind: PaymentKind; method: PaymentMethod; party_id: string; party_name: string; reason?: string | null; reference: string; reversed: boolean; reversed_on?: string | null; unallocated_minor: number; updated_at: string };
/** What one customer owes in one currency. */
export type InvoicingReceivablesAgeingRow = { currency: string; customer_id: string; customer_name: string; days_1_to_30_minor: number; days_31_to_60_minor: number; days_61_to_90_minor: number; days_over_90_minor: number; invoice_count: number; not_due_minor: number; oldest_days: number; open_minor: number };
/** What is owed in one currency, both ways. */
export type InvoicingReceivablesSummaryRow = { credit_minor: number; currency: string; draft_count: number; draft_minor: number; open_count: number; open_minor: number; overdue_count: number; overdue_minor: number; payable_count: number; payable_minor: number; written_off_minor: number };
/** An overdue invoice. */
export type InvoicingRemindersDueRow = { currency: string; customer_email?: string | null; customer_id: string; customer_name: string; date: string; days_overdue: number; due_date: string; invoice_id: string; number: string; open_minor: number; reminded_at?: string | null; reminder_level: number; total_minor: number };
/** What was invoiced and credited in one month and currency. */
export type InvoicingRevenueByMonthRow = { credit_note_count: number; credited_minor: number; credited_net_minor: number; currency: string; invoice_count: number; month: string; net_minor: number; revenue_minor: number; tax_minor: number; total_minor: number };
/** Taxes of one category, rate and currency. */
export type InvoicingTaxSummaryRow = { currency: string; net_minor: number; side: string; tax_category: string; tax_minor: number; tax_rate_percent: string };
/** An occurrence of a timer, or several that were let go together. */
export type SchedulingFiringListRow = { decided_at: string; id: string; next_at?: string | null; number?: number | null; outcome: Outcome2; scheduled_for: string; target_aggregate?: string | null; target_command?: string | null; target_context?: string | null; target_id?: string | null; timer_id: string };
/** A timer. */
export type SchedulingTimerListRow = { body?: any; catch_up: CatchUp; created_at: string; due_at?: string | null; expression: string; fired: number; grace_seconds: number; id: string; kind: string; last_scheduled_for?: string | null; name: string; next_at?: string | null; reason?: string | null; scheduled_by: string; status: Status2; target_aggregate: string; target_command: string; target_context: string; target_id?: string | null; until?: string | null; updated_at: string; version: number; zone: string };
/** Ends a timer for good. */
export type SchedulingTimerCancel = { reason?: string | null };
/** Fires what is due. */
export type SchedulingTimerFire = Record<string, never>;
/** Lets a timer fire no more until it is resumed. */
export type SchedulingTimerPause = { reason?: string | null };
/** Gives a timer other times. */
export type SchedulingTimerReschedule = { schedule: Schedule; until?: string | null; zone?: string | null };
/** Lets a paused timer go on with the next occurrence. */
export type SchedulingTimerResume = Record<string, never>;
/** Sets a timer, which sends a command when its time comes. */
export type SchedulingTimerSchedule = { catch_up?: CatchUp; command: StoredCommand; grace_seconds?: number; name: string; schedule: Schedule; until?: string | null; zone?: string | null };
/** A timer's state. */
export type SchedulingTimerState = { fired: number; next_at?: string | null; setting?: TimerScheduled | null; status: TimerStatus };
/** An endpoint. */
export type WebhooksEndpointListRow = { begin_at: Begin; cause?: Cause | null; contexts: string[]; created_at: string; description?: string | null; detail?: string | null; id: string; registered_by: string; replays: number; roles: string[]; secrets: SigningSecret[]; status: EndpointStatus; subjects: string[]; types: string[]; updated_at: string; url: string; version: number };
/** Changes what is given, and leaves the rest. */
export type WebhooksEndpointChange = { description?: string | null; filter?: EventFilter | null; roles?: string[] | null; url?: string | null };
/** Lets nothing be delivered until the endpoint is enabled. */
export type WebhooksEndpointDisable = { cause?: Cause; detail?: string | null };
/** Lets the endpoint be delivered to again, beginning with what happened meanwhile. */
export type WebhooksEndpointEnable = Record<string, never>;
/** Registers an address that is told of events. */
export type WebhooksEndpointRegister = { begin?: Begin; description?: string | null; filter?: EventFilter; roles?: string[] | null; url: string };
/** Removes the endpoint for good. */
export type WebhooksEndpointRemove = Record<string, never>;
/** Has events delivered again: from a time on, from positions on, or single ones. */
export type WebhooksEndpointReplay = { after?: string[]; events?: string[]; since?: string | null };
/** Lets a secret that was replaced sign no more. */
export type WebhooksEndpointRevokeSecret = { secret_id: string };
/** Makes a new secret, which the answer holds this once. */
export type WebhooksEndpointRotateSecret = { overlap_seconds?: number };
/** An endpoint's state. */
export type WebhooksEndpointState = { replays: number; secrets: SigningSecret[]; setting?: EndpointChanged | null; status: EndpointStatus };
/** A replay. */
export type WebhooksReplayListRow = { after: string[]; endpoint_id: string; events: string[]; id: string; number: number; requested_at: string; requested_by: string; since?: string | null };
export type AccountingAccountListFilter = { id: string; name: string; type: string; subtype: string; currency: string; normal_side: string; control: string; closed: boolean; limit_minor: number; pending_minor: number; version: number; created_at: string | Date; updated_at: string | Date };
export type AccountingAccountListSort = "id";
export type AccountingAccountListColumn = keyof AccountingAccountListFilter;
export type AccountingHoldListFilter = { id: string; account: string; side: string; currency: string; amount_minor: number; status: string; posted_minor: number; entry_id: string; description: string; reference: string; party: string; expires_at: string | Date; due_at: string | Date; version: number; created_at: string | Date; updated_at: string | Date };
export type AccountingHoldListSort = "id" | "created_at";
export type AccountingHoldListColumn = keyof AccountingHoldListFilter;
export type AccountingJournalEntryListFilter = { id: string; date: string | Date; document_date: string | Date; description: string; reference: string; source: string; party: string; currency: string; total_minor: number; reverses: string; hold_id: string; reversed_by: string; reversed_on: string | Date; position: number; posted_by: string; version: number; recorded_at: string | Date };
export type AccountingJournalEntryListSort = "id" | "date" | "position";
export type AccountingJournalEntryListColumn = keyof AccountingJournalEntryListFilter | "lines" | "evidence";
export type AccountingLedgerLineListFilter = { id: string; entry_id: string; account: string; currency: string; date: string | Date; debit_minor: number; credit_minor: number; party: string; reference: string; control: string; item: string; memo: string; position: number; recorded_at: string | Date };
export type AccountingLedgerLineListSort = "id";
export type AccountingLedgerLineListColumn = keyof AccountingLedgerLineListFilter;
export type AccountingPeriodListFilter = { id: string; first_day: string | Date; fiscal_year_start_month: number; closed_through: string | Date; reopened_reason: string; version: number; updated_at: string | Date };
export type AccountingPeriodListSort = "id";
export type AccountingPeriodListColumn = keyof AccountingPeriodListFilter;
export type AccountingPostingRoleListFilter = { id: string; role: string; currency: string; account: string; updated_at: string | Date };
export type AccountingPostingRoleListSort = "id";
export type AccountingPostingRoleListColumn = keyof AccountingPostingRoleListFilter;
export type AccountingStockCheckListFilter = { id: string; event_id: string; event_type: string; currency: string; expected_minor: number; posted_minor: number; difference_minor: number; expected_at: string | Date; posted_at: string | Date; entries: string };
export type AccountingStockCheckListSort = "id";
export type AccountingStockCheckListColumn = keyof AccountingStockCheckListFilter;
export type AccountingSubledgerCheckListFilter = { id: string; event_id: string; event_type: string; subledger: string; currency: string; expected_minor: number; posted_minor: number; difference_minor: number; expected_at: string | Date; posted_at: string | Date; entries: string };
export type AccountingSubledgerCheckListSort = "id";
export type AccountingSubledgerCheckListColumn = keyof AccountingSubledgerCheckListFilter;
export type AnalyticsExportListFilter = { id: string; context: string; source: string; format: string; status: string; requested_by: string; query_id: string; scheduled_for: string | Date; requested_at: string | Date; ended_at: string | Date; rows: number; bytes: number; files: number; manifest_sha256: string; positions: string; one_state: boolean; expires_at: string | Date; due_at: string | Date; failure_code: string; failure_reason: string; version: number };
export type AnalyticsExportListSort = "id" | "requested_at";
export type AnalyticsExportListColumn = keyof AnalyticsExportListFilter | "question";
export type AnalyticsQueryListFilter = { id: string; name: string; sort_name: string; description: string; context: string; source: string; owner: string; shared_with: string; revision: number; cron: string; time_zone: string; schedule_format: string; due_at: string | Date; last_run_at: string | Date; last_export_id: string; version: number; created_at: string | Date; updated_at: string | Date };
export type AnalyticsQueryListSort = "id" | "sort_name" | "created_at";
export type AnalyticsQueryListColumn = keyof AnalyticsQueryListFilter | "question" | "parameters" | "chart";
export type AnalyticsSaleListFilter = { id: string; kind: string; document_id: string; invoice_id: string; number: string; line_id: string; date: string | Date; currency: string; customer_id: string; product_id: string; sku: string; product: string; quantity: number; net_minor: number; tax_minor: number; recorded_at: string | Date };
export type AnalyticsSaleListSort = "id" | "date";
export type AnalyticsSaleListColumn = keyof AnalyticsSaleListFilter;
export type BillingBillListFilter = { id: string; subscription_id: string; kind: string; customer_id: string; customer_name: string; plan_id: string; plan_version: number; plan_name: string; period_start: string | Date; period_end: string | Date; total_minor: number; currency: string; credit_left_minor: number; due_on: string | Date; billed_at: string | Date };
export type BillingBillListSort = "id" | "billed_at";
export type BillingBillListColumn = keyof BillingBillListFilter | "lines";
export type BillingCheckoutListFilter = { id: string; kind: string; customer_id: string; plan_id: string; quantity: number; status: string; url: string; external_id: string; external_subscription: string; expires_at: string | Date; error_code: string; error_message: string; opened_at: string | Date; version: number; updated_at: string | Date };
export type BillingCheckoutListSort = "id" | "opened_at";
export type BillingCheckoutListColumn = keyof BillingCheckoutListFilter;
export type BillingCustomerListFilter = { id: string; name: string; email: string; country: string; tax_id: string; tax_exempt: boolean; erased: boolean; external_id: string; version: number; created_at: string | Date; updated_at: string | Date };
export type BillingCustomerListSort = "id" | "created_at";
export type BillingCustomerListColumn = keyof BillingCustomerListFilter;
export type BillingDriftListFilter = { id: string; reconciliation_id: string; kind: string; object: string; object_id: string; external_id: string; ours: string; theirs: string; repaired: boolean; note: string; found_at: string | Date };
export type BillingDriftListSort = "id" | "found_at";
export type BillingDriftListColumn = keyof BillingDriftListFilter;
export type BillingMrrMovementFilter = { id: string; subscription_id: string; customer_id: string; plan_id: string; kind: string; currency: string; before_minor: number; after_minor: number; delta_minor: number; at: string | Date };
export type BillingMrrMovementSort = "id" | "at";
export type BillingMrrMovementColumn = keyof BillingMrrMovementFilter;
export type BillingPaymentListFilter = { id: string; customer_id: string; customer_name: string; subscription_id: string; invoice_id: string; reference: string; status: string; amount_minor: number; currency: string; authorized_minor: number; captured_minor: number; refunded_minor: number; refund_requested_minor: number; disputed_minor: number; charged_back_minor: number; due_on: string | Date; overdue: boolean; overdue_since: string | Date; attempt: number; step: number; error_code: string; error_message: string; action_url: string; method: string; external_id: string; requested_at: string | Date; captured_at: string | Date; due_at: string | Date; version: number; updated_at: string | Date };
export type BillingPaymentListSort = "id" | "due_on" | "requested_at";
export type BillingPaymentListColumn = keyof BillingPaymentListFilter | "refunds" | "disputes";
export type BillingPlanListFilter = { id: string; name: string; description: string; plan_version: number; retired: boolean; interval_unit: string; interval_count: number; price_minor: number; currency: string; monthly_minor: number; trial_days: number; tax_rate_percent: number; external_price_id: string; version: number; created_at: string | Date; updated_at: string | Date };
export type BillingPlanListSort = "id" | "price_minor";
export type BillingPlanListColumn = keyof BillingPlanListFilter | "charges" | "entitlements";
export type BillingReconciliationListFilter = { id: string; provider: string; started_at: string | Date; finished_at: string | Date; drift_count: number; repaired_count: number };
export type BillingReconciliationListSort = "id" | "finished_at";
export type BillingReconciliationListColumn = keyof BillingReconciliationListFilter | "compared";
export type BillingSubscriptionListFilter = { id: string; customer_id: string; customer_name: string; plan_id: string; plan_name: string; plan_version: number; status: string; billed_by: string; quantity: number; price_minor: number; currency: string; interval_unit: string; interval_count: number; net_days: number; recurring_minor: number; credit_minor: number; started_at: string | Date; trial_end: string | Date; period_start: string | Date; period_end: string | Date; cancel_at: string | Date; cancel_reason: string; scheduled_plan_id: string; scheduled_quantity: number; ended_at: string | Date; end_reason: string; entitled: boolean; overdue_payments: string; suspended_by: string; provider_status: string; external_id: string; due_at: string | Date; version: number; updated_at: string | Date };
export type BillingSubscriptionListSort = "id" | "started_at" | "period_end";
export type BillingSubscriptionListColumn = keyof BillingSubscriptionListFilter | "entitlements" | "overrides";
export type BillingUsageListFilter = { id: string; subscription_id: string; customer_id: string; metric: string; period_start: string | Date; count: number; sum: number; max: number; latest: number; unique_count: number; closed: boolean; updated_at: string | Date };
export type BillingUsageListSort = "id" | "period_start";
export type BillingUsageListColumn = keyof BillingUsageListFilter;
export type CrmActivityTimelineFilter = { id: string; kind: string; subject: string; status: string; at: string | Date; due_at: string | Date; duration_minutes: number; completed_at: string | Date; outcome: string; cancel_reason: string; assignee: string; contact_id: string; company_id: string; deal_id: string; lead_id: string; note: string; version: number; created_at: string | Date; updated_at: string | Date };
export type CrmActivityTimelineSort = "id" | "at";
export type CrmActivityTimelineColumn = keyof CrmActivityTimelineFilter;
export type CrmCompanyListFilter = { id: string; name: string; sort_name: string; domain: string; website: string; industry: string; employees: number; annual_revenue_minor: number; annual_revenue_currency: string; phone: string; city: string; country: string; owner: string; tags: string; note: string; parent_id: string; merged_ids: string; version: number; created_at: string | Date; updated_at: string | Date };
export type CrmCompanyListSort = "id" | "sort_name" | "created_at";
export type CrmCompanyListColumn = keyof CrmCompanyListFilter | "address" | "custom";
export type CrmContactListFilter = { id: string; display_name: string; sort_name: string; given_name: string; family_name: string; email: string; phone: string; job_title: string; company_id: string; company_name: string; city: string; country: string; owner: string; source: string; tags: string; note: string; merged_ids: string; version: number; created_at: string | Date; updated_at: string | Date };
export type CrmContactListSort = "id" | "sort_name" | "created_at";
export type CrmContactListColumn = keyof CrmContactListFilter | "address" | "custom";
export type CrmCustomFieldListFilter = { id: string; entity: string; key: string; label: string; type: string; options: string; retired: boolean; version: number; created_at: string | Date; updated_at: string | Date };
export type CrmCustomFieldListSort = "id";
export type CrmCustomFieldListColumn = keyof CrmCustomFieldListFilter;
export type CrmDealListFilter = { id: string; name: string; status: string; pipeline_id: string; stage_id: string; stage_name: string; probability_percent: number; stage_entered_at: string | Date; amount_minor: number; currency: string; weighted_minor: number; contact_id: string; company_id: string; owner: string; expected_close: string | Date; source: string; tags: string; note: string; opened_at: string | Date; closed_at: string | Date; closed_on: string | Date; lost_reason: string; competitor: string; loss_note: string; version: number; updated_at: string | Date };
export type CrmDealListSort = "id" | "amount_minor" | "expected_close" | "opened_at";
export type CrmDealListColumn = keyof CrmDealListFilter | "custom";
export type CrmDealStageHistoryFilter = { id: string; deal_id: string; number: number; pipeline_id: string; stage_id: string; stage_name: string; probability_percent: number; from_stage_id: string; to_stage_id: string; entered_at: string | Date; left_at: string | Date; seconds: number; outcome: string };
export type CrmDealStageHistorySort = "id" | "entered_at";
export type CrmDealStageHistoryColumn = keyof CrmDealStageHistoryFilter;
export type CrmLeadListFilter = { id: string; display_name: string; status: string; status_reason: string; status_changed_at: string | Date; rest_until: string | Date; given_name: string; family_name: string; email: string; phone: string; job_title: string; company_name: string; website: string; city: string; country: string; owner: string; source: string; tags: string; note: string; estimated_value_minor: number; estimated_value_currency: string; score: number; score_version: number; activities: number; last_activity_at: string | Date; contact_id: string; company_id: string; deal_id: string; version: number; created_at: string | Date; updated_at: string | Date };
export type CrmLeadListSort = "id" | "score" | "created_at";
export type CrmLeadListColumn = keyof CrmLeadListFilter | "address" | "custom" | "score_reasons";
export type CrmPipelineListFilter = { id: string; name: string; retired_stages: string; version: number; created_at: string | Date; updated_at: string | Date };
export type CrmPipelineListSort = "id" | "name" | "created_at";
export type CrmPipelineListColumn = keyof CrmPipelineListFilter | "stages";
export type InventoryLayerListFilter = { id: string; layer: string; item_id: string; product_id: string; sku: string; warehouse_id: string; received_on: string | Date; quantity: number; value_minor: number };
export type InventoryLayerListSort = "id" | "received_on";
export type InventoryLayerListColumn = keyof InventoryLayerListFilter;
export type InventoryMovementListFilter = { id: string; movement_id: string; kind: string; item_id: string; product_id: string; sku: string; warehouse_id: string; other_warehouse_id: string; quantity: number; value_minor: number; expensed_minor: number; currency: string; on_hand: number; stock_value_minor: number; counted: number; reason: string; reference: string; customer_id: string; supplier: string; shipment_id: string; reservation_id: string; note: string; effective_on: string | Date; booked_on: string | Date; recorded_at: string | Date };
export type InventoryMovementListSort = "id" | "recorded_at";
export type InventoryMovementListColumn = keyof InventoryMovementListFilter;
export type InventoryProductListFilter = { id: string; sku: string; name: string; sort_name: string; unit: string; currency: string; valuation: string; price_minor: number; price_currency: string; cost_minor: number; description: string; category: string; barcode: string; supplier: string; reorder_point: number; reorder_quantity: number; safety_stock: number; discontinued: boolean; version: number; created_at: string | Date; updated_at: string | Date };
export type InventoryProductListSort = "id" | "sku" | "sort_name" | "created_at";
export type InventoryProductListColumn = keyof InventoryProductListFilter;
export type InventoryReorderSuggestionListFilter = { id: string; item_id: string; product_id: string; sku: string; product_name: string; warehouse_id: string; supplier: string; status: string; level: number; reorder_point: number; quantity: number; ordered_quantity: number; reference: string; reason: string; version: number; created_at: string | Date; decided_at: string | Date };
export type InventoryReorderSuggestionListSort = "id" | "created_at";
export type InventoryReorderSuggestionListColumn = keyof InventoryReorderSuggestionListFilter;
export type InventoryReservationListFilter = { id: string; reservation_id: string; aggregate_id: string; product_id: string; sku: string; warehouse_id: string; status: string; quantity: number; open_quantity: number; joint: boolean; reference: string; expires_at: string | Date; due_at: string | Date; created_at: string | Date; updated_at: string | Date };
export type InventoryReservationListSort = "id" | "created_at";
export type InventoryReservationListColumn = keyof InventoryReservationListFilter;
export type InventoryStockListFilter = { id: string; product_id: string; sku: string; product_name: string; warehouse_id: string; warehouse_name: string; unit: string; on_hand: number; reserved: number; allocated: number; safety_stock: number; available: number; valuation: string; currency: string; value_minor: number; reorder_point: number; reorder_quantity: number; low: boolean; below: boolean; due_at: string | Date; discontinued: boolean; last_received_on: string | Date; last_shipped_on: string | Date; last_counted_on: string | Date; version: number; created_at: string | Date; updated_at: string | Date };
export type InventoryStockListSort = "id" | "sku" | "available" | "value_minor";
export type InventoryStockListColumn = keyof InventoryStockListFilter;
export type InventoryStockReservationListFilter = { id: string; status: string; quantity: number; shipped: number; reference: string; customer_id: string; expires_at: string | Date; due_at: string | Date; reason: string; version: number; created_at: string | Date; updated_at: string | Date };
export type InventoryStockReservationListSort = "id" | "created_at";
export type InventoryStockReservationListColumn = keyof InventoryStockReservationListFilter | "lines";
export type InventoryWarehouseListFilter = { id: string; name: string; address: string; closed: boolean; stocked_products: number; version: number; created_at: string | Date; updated_at: string | Date };
export type InventoryWarehouseListSort = "id" | "name";
export type InventoryWarehouseListColumn = keyof InventoryWarehouseListFilter;
export type InvoicingBillListFilter = { id: string; supplier_number: string; status: string; payment_state: string; disputed: string; supplier_id: string; supplier_name: string; supplier_tax_id: string; currency: string; tax_mode: string; date: string | Date; due_date: string | Date; purchase_order: string; note: string; source_context: string; source_id: string; net_minor: number; tax_minor: number; total_minor: number; open_minor: number; paid_minor: number; credited_minor: number; approved_by: string; approved_at: string | Date; reason: string; version: number; created_at: string | Date; updated_at: string | Date };
export type InvoicingBillListSort = "id" | "date" | "due_date" | "total_minor" | "open_minor" | "created_at";
export type InvoicingBillListColumn = keyof InvoicingBillListFilter | "supplier_address" | "taxes" | "lines" | "entries";
export type InvoicingCreditNoteListFilter = { id: string; invoice_id: string; invoice_number: string; invoice_date: string | Date; date: string | Date; customer_id: string; customer_name: string; customer_email: string; customer_tax_id: string; currency: string; net_minor: number; tax_minor: number; total_minor: number; applied_minor: number; excess_minor: number; reason: string; reference: string; created_at: string | Date };
export type InvoicingCreditNoteListSort = "id" | "date";
export type InvoicingCreditNoteListColumn = keyof InvoicingCreditNoteListFilter | "customer_address" | "taxes" | "lines" | "issuer";
export type InvoicingCustomerCreditFilter = { id: string; customer_id: string; customer_name: string; currency: string; credit_minor: number; added_minor: number; used_minor: number; refunded_minor: number; updated_at: string | Date };
export type InvoicingCustomerCreditSort = "id" | "credit_minor";
export type InvoicingCustomerCreditColumn = keyof InvoicingCustomerCreditFilter;
export type InvoicingInvoiceListFilter = { id: string; number: string; status: string; payment_state: string; customer_id: string; customer_name: string; customer_email: string; customer_tax_id: string; currency: string; tax_mode: string; series: string; date: string | Date; due_date: string | Date; purchase_order: string; reference: string; note: string; source_context: string; source_id: string; source_reference: string; net_minor: number; tax_minor: number; total_minor: number; open_minor: number; paid_minor: number; excess_minor: number; credited_minor: number; written_off_minor: number; reason: string; overdue: boolean; reminder_level: number; reminded_at: string | Date; due_at: string | Date; version: number; created_at: string | Date; updated_at: string | Date };
export type InvoicingInvoiceListSort = "id" | "number" | "date" | "due_date" | "total_minor" | "open_minor" | "created_at";
export type InvoicingInvoiceListColumn = keyof InvoicingInvoiceListFilter | "customer_address" | "taxes" | "lines" | "payments" | "credit_notes" | "issuer";
export type InvoicingIssuerProfileFilter = { id: string; name: string; payment_terms_days: number; version: number; updated_at: string | Date };
export type InvoicingIssuerProfileSort = "id";
export type InvoicingIssuerProfileColumn = keyof InvoicingIssuerProfileFilter | "facts" | "reminder_days";
export type InvoicingMovementListFilter = { id: string; side: string; kind: string; party_id: string; document_id: string; number: string; reference: string; date: string | Date; currency: string; amount_minor: number; credit_minor: number; position: number; created_at: string | Date };
export type InvoicingMovementListSort = "id" | "date";
export type InvoicingMovementListColumn = keyof InvoicingMovementListFilter;
export type InvoicingNumberSeriesListFilter = { id: string; prefix: string; padding: number; yearly: boolean; taken: number; last_number: string; retired: boolean; version: number; updated_at: string | Date };
export type InvoicingNumberSeriesListSort = "id";
export type InvoicingNumberSeriesListColumn = keyof InvoicingNumberSeriesListFilter;
export type InvoicingPaymentListFilter = { id: string; direction: string; kind: string; party_id: string; party_name: string; document_id: string; date: string | Date; method: string; reference: string; currency: string; amount_minor: number; unallocated_minor: number; reversed: boolean; reversed_on: string | Date; reason: string; created_at: string | Date; updated_at: string | Date };
export type InvoicingPaymentListSort = "id" | "date" | "amount_minor";
export type InvoicingPaymentListColumn = keyof InvoicingPaymentListFilter | "allocations";
export type SchedulingFiringListFilter = { id: string; timer_id: string; outcome: string; number: number; scheduled_for: string | Date; decided_at: string | Date; next_at: string | Date; target_context: string; target_aggregate: string; target_id: string; target_command: string };
export type SchedulingFiringListSort = "id" | "scheduled_for" | "decided_at";
export type SchedulingFiringListColumn = keyof SchedulingFiringListFilter;
export type SchedulingTimerListFilter = { id: string; name: string; status: string; due_at: string | Date; next_at: string | Date; kind: string; expression: string; zone: string; until: string | Date; catch_up: string; grace_seconds: number; target_context: string; target_aggregate: string; target_id: string; target_command: string; scheduled_by: string; fired: number; last_scheduled_for: string | Date; reason: string; version: number; created_at: string | Date; updated_at: string | Date };
export type SchedulingTimerListSort = "id" | "next_at" | "created_at";
export type SchedulingTimerListColumn = keyof SchedulingTimerListFilter | "body";
export type WebhooksEndpointListFilter = { id: string; url: string; description: string; status: string; begin_at: string; cause: string; detail: string; replays: number; registered_by: string; version: number; created_at: string | Date; updated_at: string | Date };
export type WebhooksEndpointListSort = "id" | "created_at";
export type WebhooksEndpointListColumn = keyof WebhooksEndpointListFilter | "contexts" | "types" | "subjects" | "roles" | "secrets";
export type WebhooksReplayListFilter = { id: string; endpoint_id: string; number: number; since: string | Date; requested_by: string; requested_at: string | Date };
export type WebhooksReplayListSort = "id" | "requested_at";
export type WebhooksReplayListColumn = keyof WebhooksReplayListFilter | "after" | "events";
