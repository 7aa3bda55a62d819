// The types of commands and rows. Written by clients/generate.py from clients/openapi.json; changes here are lost.

/** What an activity is about. */
export type About = { company_id?: string | null; contact_id?: string | null; deal_id?: string | null; lead_id?: string | null };
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
/** What the answer includes. */
export type AsOf = { lag_events: number; positions: string[] };
/** One line of a bulk request. */
export type BulkCommand = { aggregate: string; body?: Record<string, any> | null; command: string; context: string; expected_version?: number | null; id?: string | null; idempotency_key?: string | null };
/** One line of a bulk answer. */
export type BulkResult = { line: number; problem?: Problem; receipt?: Receipt; status: number };
/** The facts known of a company. */
export type CompanyProfile = { address?: Address | null; annual_revenue?: Money | null; custom?: Record<string, any>; domain?: string | null; employees?: number | null; industry?: string | null; name: string; note?: string | null; owner?: string | null; phone?: string | null; tags?: string[]; website?: string | null };
/** A company. */
export type CompanyRow = { address?: Address | null; annual_revenue_currency?: string | null; annual_revenue_minor?: number | null; city?: string | null; country?: string | null; created_at: string; custom: Record<string, any>; domain?: string | null; employees?: number | null; id: string; industry?: string | null; merged_ids: string[]; name: string; note?: string | null; owner?: string | null; parent_id?: string | null; phone?: string | null; sort_name: string; tags: string[]; updated_at: string; version: number; website?: string | null };
/** Where a company stands. */
export type CompanyStatus = { state: "active" } | { into: string; state: "merged" } | { state: "erased" };
/** A contact. */
export type ContactRow = { address?: Address | null; city?: string | null; company_id?: string | null; company_name?: string | null; country?: string | null; created_at: string; custom: Record<string, any>; display_name: string; email?: string | null; family_name?: string | null; given_name?: string | null; id: string; job_title?: string | null; merged_ids: string[]; note?: string | null; owner?: string | null; phone?: string | null; sort_name: string; source?: string | null; tags: string[]; updated_at: string; version: number };
/** The kinds of records that have custom fields. */
export type CustomEntity = "contact" | "company" | "deal" | "lead";
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
/** A company of a group. */
export type DuplicateCompany = { city?: string | null; created_at: string; domain?: string | null; id: string; name: string; owner?: string | null; updated_at: string };
/** A contact of a group. */
export type DuplicateContact = { company_id?: string | null; company_name?: string | null; created_at: string; display_name: string; email?: string | null; id: string; owner?: string | null; phone?: string | null; updated_at: string };
/** What values a field takes. */
export type FieldType = "text" | "number" | "boolean" | "date" | "select" | "url";
export type HistoryEvent = { actor: string; causation_id?: string; command_id: string; correlation_id: string; id: string; payload: any; position: string; recorded_at: string; type: string; version: number };
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
/** Why a deal was lost. */
export type Loss = { competitor?: string | null; note?: string | null; reason: string };
/** An amount of one currency. */
export type Money = { amount_minor: number; currency: string };
/** A record named in passing. */
export type Named = { id: string; name: string };
/** How a stay ended. */
export type Outcome = "advanced" | "returned" | "moved" | "won" | "lost" | "reopened";
/** The stage that a deal is in. */
export type Position = { entered_at: string; last_open: Stage; stage: Stage };
/** RFC 9457 problem details. */
export type Problem = { candidates?: { field: string; id: string }[]; code: string; detail: string; fields?: { message?: string; name: string }[]; status: number; title: string; trace_id: string; type: string };
/** The facts known of a person. */
export type Profile = { address?: Address | null; company_name?: string | null; custom?: Record<string, any>; email?: string | null; family_name?: string | null; given_name?: string | null; job_title?: string | null; note?: string | null; owner?: string | null; phone?: string | null; source?: string | null; tags?: string[] };
/** What an accepted command led to. */
export type Receipt = { events: { position: number; type: string }[]; id: string; position: string; version: number };
/** Why a lead has points. */
export type ScoreReason = { because: string; points: number; rule: string };
/** A stage of a pipeline. */
export type Stage = { id: string; name: string; probability_percent: number };
/** Where a contact stands. */
export type Status = { state: "active" } | { into: string; state: "merged" } | { state: "erased" };
/** The records that an activity is about. */
export type Subjects = { company_id?: string | null; contact_id?: string | null; deal_id?: string | null; lead_id?: string | null };
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
export type CrmCompany360Row = { company: CompanyRow; contact_count: number; contacts: ContactRow[]; next_activities: ActivityRow[]; open_deal_count: number; open_deals: DealRow[]; parent?: Named | null; recent_activities: ActivityRow[]; subsidiaries: Named[]; totals: DealTotals[] };
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
export type CrmCompanyState = { merged: string[]; parent_id?: string | null; profile?: CompanyProfile | null; status: CompanyStatus };
/** Takes the company out of its parent company. */
export type CrmCompanyUnlink = Record<string, never>;
/** Changes facts about a company: an absent field stays, `null` clears it. */
export type CrmCompanyUpdate = { address?: Address | null; allow_duplicate?: boolean; annual_revenue?: Money | null; custom?: Record<string, any>; domain?: string | null; employees?: number | null; industry?: string | null; name?: string | null; note?: string | null; owner?: string | null; phone?: string | null; phone_region?: string | null; tags?: string[] | null; website?: string | null };
/** All about one contact. */
export type CrmContact360Row = { company?: CompanyRow | null; contact: ContactRow; deals: DealRow[]; leads: LeadOfContact[]; next_activities: ActivityRow[]; open_deal_count: number; recent_activities: ActivityRow[]; totals: DealTotals[] };
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
