"""The types of commands and rows. Written by clients/generate.py from clients/openapi.json; changes here are lost."""
from __future__ import annotations

from typing import Any, Dict, List, Literal, TypedDict, Union


class About(TypedDict, total=False):
    """What an activity is about"""
    company_id: str | None
    contact_id: str | None
    deal_id: str | None
    lead_id: str | None

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

class AsOf(TypedDict):
    """What the answer includes"""
    lag_events: int
    positions: List[str]

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

class CompanyStatusActive(TypedDict):
    state: Literal['active']

class CompanyStatusMerged(TypedDict):
    into: str
    state: Literal['merged']

class CompanyStatusErased(TypedDict):
    state: Literal['erased']

CompanyStatus = Union["CompanyStatusActive", "CompanyStatusMerged", "CompanyStatusErased"]
"""Where a company stands"""

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

CustomEntity = Literal['contact', 'company', 'deal', 'lead']
"""The kinds of records that have custom fields"""

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

FieldType = Literal['text', 'number', 'boolean', 'date', 'select', 'url']
"""What values a field takes"""

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

class _Loss(TypedDict):
    reason: str

class Loss(_Loss, total=False):
    """Why a deal was lost"""
    competitor: str | None
    note: str | None

class Money(TypedDict):
    """An amount of one currency"""
    amount_minor: int
    currency: str

class Named(TypedDict):
    """A record named in passing"""
    id: str
    name: str

Outcome = Literal['advanced', 'returned', 'moved', 'won', 'lost', 'reopened']
"""How a stay ended"""

class Position(TypedDict):
    """The stage that a deal is in"""
    entered_at: str
    last_open: Stage
    stage: Stage

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

class ReceiptEventsItem(TypedDict):
    position: int
    type: str

class Receipt(TypedDict):
    """What an accepted command led to"""
    events: List[ReceiptEventsItem]
    id: str
    position: str
    version: int

class ScoreReason(TypedDict):
    """Why a lead has points"""
    because: str
    points: int
    rule: str

class Stage(TypedDict):
    """A stage of a pipeline"""
    id: str
    name: str
    probability_percent: int

class StatusActive(TypedDict):
    state: Literal['active']

class StatusMerged(TypedDict):
    into: str
    state: Literal['merged']

class StatusErased(TypedDict):
    state: Literal['erased']

Status = Union["StatusActive", "StatusMerged", "StatusErased"]
"""Where a contact stands"""

class Subjects(TypedDict, total=False):
    """The records that an activity is about"""
    company_id: str | None
    contact_id: str | None
    deal_id: str | None
    lead_id: str | None

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
    status: CompanyStatus

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
    deals: List[DealRow]
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
