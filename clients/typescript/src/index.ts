// Commands and queries by context. Written by clients/generate.py from clients/openapi.json; changes here are lost.
import type * as T from "./types.ts";
import { Aggregate, ReadModel, Transport } from "./core.ts";
import type { BulkCommand, BulkResult, CloudEvent, CommandOptions, CreateOptions, EventQuery, Options, Page, Receipt, Time } from "./core.ts";
export * from "./core.ts";
export type * as types from "./types.ts";

/** `crm/activity` */
export class CrmActivity extends Aggregate<T.CrmActivityState> {
  /** Plans an activity. */
  schedule(body: T.CrmActivitySchedule, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("schedule", options.id, body, options);
  }
  /** Calls a planned activity off. */
  cancel(id: string, body: T.CrmActivityCancel = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("cancel", id, body, options);
  }
  /** Says that an activity was done. */
  complete(id: string, body: T.CrmActivityComplete = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("complete", id, body, options);
  }
  /** Gives a planned activity to someone else. */
  reassign(id: string, body: T.CrmActivityReassign, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reassign", id, body, options);
  }
  /** Gives a planned activity another time. */
  reschedule(id: string, body: T.CrmActivityReschedule, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reschedule", id, body, options);
  }
}

/** `crm/company` */
export class CrmCompany extends Aggregate<T.CrmCompanyState> {
  /** Registers a company. */
  register(body: T.CrmCompanyRegister, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("register", options.id, body, options);
  }
  /** Erases the company's data, for instance those of a sole trader who asks for it, in this company and in all that were. */
  erase(id: string, body: T.CrmCompanyErase, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("erase", id, body, options);
  }
  /** Makes the company belong to a parent company. */
  link(id: string, body: T.CrmCompanyLink, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("link", id, body, options);
  }
  /** Merges other companies into this one, the survivor. */
  merge(id: string, body: T.CrmCompanyMerge, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("merge", id, body, options);
  }
  /** Takes the company out of its parent company. */
  unlink(id: string, body: T.CrmCompanyUnlink = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("unlink", id, body, options);
  }
  /** Changes facts about a company: an absent field stays, `null` clears it. */
  update(id: string, body: T.CrmCompanyUpdate = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("update", id, body, options);
  }
}

/** `crm/contact` */
export class CrmContact extends Aggregate<T.CrmContactState> {
  /** Registers a contact. */
  register(body: T.CrmContactRegister = {}, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("register", options.id, body, options);
  }
  /** Erases the person's data, in this contact and in all that were ever merged into it. */
  erase(id: string, body: T.CrmContactErase, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("erase", id, body, options);
  }
  /** Makes the contact belong to a company. */
  link(id: string, body: T.CrmContactLink, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("link", id, body, options);
  }
  /** Merges other contacts into this one, the survivor. */
  merge(id: string, body: T.CrmContactMerge, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("merge", id, body, options);
  }
  /** Takes the contact out of its company. */
  unlink(id: string, body: T.CrmContactUnlink = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("unlink", id, body, options);
  }
  /** Changes facts about a contact: an absent field stays, `null` clears it. */
  update(id: string, body: T.CrmContactUpdate = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("update", id, body, options);
  }
}

/** `crm/custom-field` */
export class CrmCustomField extends Aggregate<T.CrmCustomFieldState> {
  /** Defines a custom field. */
  define(body: T.CrmCustomFieldDefine, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("define", options.id, body, options);
  }
  /** Retires a field: it takes no new values. */
  retire(id: string, body: T.CrmCustomFieldRetire = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("retire", id, body, options);
  }
  /** Changes the label or the options of a field. */
  update(id: string, body: T.CrmCustomFieldUpdate = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("update", id, body, options);
  }
}

/** `crm/deal` */
export class CrmDeal extends Aggregate<T.CrmDealState> {
  /** Opens a deal. */
  open(body: T.CrmDealOpen, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("open", options.id, body, options);
  }
  /** Loses an open deal. */
  lose(id: string, body: T.CrmDealLose, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("lose", id, body, options);
  }
  /** Moves an open deal to another open stage, of another pipeline if one is named. */
  moveStage(id: string, body: T.CrmDealMoveStage, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("move-stage", id, body, options);
  }
  /** Opens a closed deal again, in its last open stage. */
  reopen(id: string, body: T.CrmDealReopen = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reopen", id, body, options);
  }
  /** Says what an open deal is worth. */
  setAmount(id: string, body: T.CrmDealSetAmount = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("set-amount", id, body, options);
  }
  /** Changes facts about a deal, open or closed: an absent field stays, `null` clears it. */
  update(id: string, body: T.CrmDealUpdate = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("update", id, body, options);
  }
  /** Wins an open deal. */
  win(id: string, body: T.CrmDealWin = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("win", id, body, options);
  }
}

/** `crm/lead` */
export class CrmLead extends Aggregate<T.CrmLeadState> {
  /** Captures a lead. */
  capture(body: T.CrmLeadCapture = {}, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("capture", options.id, body, options);
  }
  /** Gives the lead to someone to work on. */
  assign(id: string, body: T.CrmLeadAssign, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("assign", id, body, options);
  }
  /** Converts a qualified lead: links or makes the contact, if asked for the company, and if asked opens a deal. */
  convert(id: string, body: T.CrmLeadConvert = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("convert", id, body, options);
  }
  /** Gives the lead up. */
  disqualify(id: string, body: T.CrmLeadDisqualify, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("disqualify", id, body, options);
  }
  /** Erases the person's data. */
  erase(id: string, body: T.CrmLeadErase, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("erase", id, body, options);
  }
  /** Says that a lead in work is worth a sales effort. */
  qualify(id: string, body: T.CrmLeadQualify = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("qualify", id, body, options);
  }
  /** Puts the lead back until the time is right. */
  recycle(id: string, body: T.CrmLeadRecycle, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("recycle", id, body, options);
  }
  /** Changes facts about a lead that is not converted: an absent field stays, `null` clears it. */
  update(id: string, body: T.CrmLeadUpdate = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("update", id, body, options);
  }
}

/** `crm/pipeline` */
export class CrmPipeline extends Aggregate<T.CrmPipelineState> {
  /** Defines a pipeline. */
  define(body: T.CrmPipelineDefine, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("define", options.id, body, options);
  }
  /** Adds a stage. */
  addStage(id: string, body: T.CrmPipelineAddStage, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("add-stage", id, body, options);
  }
  /** Changes the name or the probability of a stage. */
  changeStage(id: string, body: T.CrmPipelineChangeStage, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("change-stage", id, body, options);
  }
  /** Gives a pipeline another name. */
  rename(id: string, body: T.CrmPipelineRename, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("rename", id, body, options);
  }
  /** Puts the stages in another order. */
  reorderStages(id: string, body: T.CrmPipelineReorderStages, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reorder-stages", id, body, options);
  }
  /** Closes a stage to further deals. */
  retireStage(id: string, body: T.CrmPipelineRetireStage, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("retire-stage", id, body, options);
  }
}

/** Contacts, companies, leads, deals and activities, from the first inquiry to the sale. */
export class Crm {
  protected readonly transport: Transport;
  readonly activityTimeline: ReadModel<T.CrmActivityTimelineRow, T.CrmActivityTimelineFilter, T.CrmActivityTimelineColumn, T.CrmActivityTimelineSort>;
  readonly activity: CrmActivity;
  readonly companyList: ReadModel<T.CrmCompanyListRow, T.CrmCompanyListFilter, T.CrmCompanyListColumn, T.CrmCompanyListSort>;
  readonly company: CrmCompany;
  readonly contactList: ReadModel<T.CrmContactListRow, T.CrmContactListFilter, T.CrmContactListColumn, T.CrmContactListSort>;
  readonly contact: CrmContact;
  readonly customFieldList: ReadModel<T.CrmCustomFieldListRow, T.CrmCustomFieldListFilter, T.CrmCustomFieldListColumn, T.CrmCustomFieldListSort>;
  readonly customField: CrmCustomField;
  readonly dealList: ReadModel<T.CrmDealListRow, T.CrmDealListFilter, T.CrmDealListColumn, T.CrmDealListSort>;
  readonly dealStageHistory: ReadModel<T.CrmDealStageHistoryRow, T.CrmDealStageHistoryFilter, T.CrmDealStageHistoryColumn, T.CrmDealStageHistorySort>;
  readonly deal: CrmDeal;
  readonly leadList: ReadModel<T.CrmLeadListRow, T.CrmLeadListFilter, T.CrmLeadListColumn, T.CrmLeadListSort>;
  readonly lead: CrmLead;
  readonly pipelineList: ReadModel<T.CrmPipelineListRow, T.CrmPipelineListFilter, T.CrmPipelineListColumn, T.CrmPipelineListSort>;
  readonly pipeline: CrmPipeline;
  constructor(transport: Transport) {
    this.transport = transport;
    this.activityTimeline = new ReadModel(transport, "/v1/crm/activity-timeline");
    this.activity = new CrmActivity(transport, "/v1/crm/activity");
    this.companyList = new ReadModel(transport, "/v1/crm/company-list");
    this.company = new CrmCompany(transport, "/v1/crm/company");
    this.contactList = new ReadModel(transport, "/v1/crm/contact-list");
    this.contact = new CrmContact(transport, "/v1/crm/contact");
    this.customFieldList = new ReadModel(transport, "/v1/crm/custom-field-list");
    this.customField = new CrmCustomField(transport, "/v1/crm/custom-field");
    this.dealList = new ReadModel(transport, "/v1/crm/deal-list");
    this.dealStageHistory = new ReadModel(transport, "/v1/crm/deal-stage-history");
    this.deal = new CrmDeal(transport, "/v1/crm/deal");
    this.leadList = new ReadModel(transport, "/v1/crm/lead-list");
    this.lead = new CrmLead(transport, "/v1/crm/lead");
    this.pipelineList = new ReadModel(transport, "/v1/crm/pipeline-list");
    this.pipeline = new CrmPipeline(transport, "/v1/crm/pipeline");
  }
  /** All about one company: people, open deals, totals, what was done and what comes next. */
  company360(query: { id: string }, options: Options = {}): Promise<Page<T.CrmCompany360Row>> {
    return this.transport.page(`/v1/crm/company-360`, query, options.waitFor);
  }
  /** Companies that may be the same: same web domain or same name. */
  companyDuplicates(query: { limit?: number; reason?: string } = {}, options: Options = {}): Promise<Page<T.CrmCompanyDuplicatesRow>> {
    return this.transport.page(`/v1/crm/company-duplicates`, query, options.waitFor);
  }
  /** All about one contact: company, deals, totals, what was done and what comes next. */
  contact360(query: { id: string }, options: Options = {}): Promise<Page<T.CrmContact360Row>> {
    return this.transport.page(`/v1/crm/contact-360`, query, options.waitFor);
  }
  /** Contacts that may be the same person: same email address, same phone number, or same full name at the same company. */
  duplicates(query: { limit?: number; reason?: string } = {}, options: Options = {}): Promise<Page<T.CrmDuplicatesRow>> {
    return this.transport.page(`/v1/crm/duplicates`, query, options.waitFor);
  }
  /** What open deals may bring by the month in which they are expected, and what won deals brought. */
  forecast(query: { pipeline_id?: string; owner?: string; currency?: string; from?: Time; to?: Time } = {}, options: Options = {}): Promise<Page<T.CrmForecastRow>> {
    return this.transport.page(`/v1/crm/forecast`, query, options.waitFor);
  }
  /** Why deals were lost, and to whom. */
  lossReasons(query: { pipeline_id?: string; owner?: string; from?: Time; to?: Time } = {}, options: Options = {}): Promise<Page<T.CrmLossReasonsRow>> {
    return this.transport.page(`/v1/crm/loss-reasons`, query, options.waitFor);
  }
  /** Open deals by pipeline, stage and currency, stages without deals included. */
  pipelineByStage(query: { pipeline_id?: string; owner?: string; currency?: string } = {}, options: Options = {}): Promise<Page<T.CrmPipelineByStageRow>> {
    return this.transport.page(`/v1/crm/pipeline-by-stage`, query, options.waitFor);
  }
  /** Open deals by how many days they have been in their stage. */
  stageAgeing(query: { pipeline_id?: string; owner?: string; as_of?: Time } = {}, options: Options = {}): Promise<Page<T.CrmStageAgeingRow>> {
    return this.transport.page(`/v1/crm/stage-ageing`, query, options.waitFor);
  }
  /** How many deals went on from each stage, how many were won or lost, and how long they stayed. */
  stageConversion(query: { pipeline_id?: string; owner?: string; from?: Time; to?: Time } = {}, options: Options = {}): Promise<Page<T.CrmStageConversionRow>> {
    return this.transport.page(`/v1/crm/stage-conversion`, query, options.waitFor);
  }
}

/** A caller of one gateway. Every method of a context is one request; `Problem` is what the gateway refuses. */
export class Client {
  protected readonly transport: Transport;
  readonly crm: Crm;
  constructor(url: string, token?: string, settings: { timeoutMs?: number; tries?: number; fetch?: typeof fetch } = {}) {
    this.transport = new Transport(url, token, settings);
    this.crm = new Crm(this.transport);
  }
  /** Many commands; a result for each, in order. */
  bulk(commands: Iterable<BulkCommand> | AsyncIterable<BulkCommand>): AsyncGenerator<BulkResult> {
    return this.transport.bulk(commands);
  }
  /** Events as they are recorded, without end; `from: "start"` begins with the first, `after` behind an event's `cursor`. */
  events(query: EventQuery = {}): AsyncGenerator<CloudEvent> {
    return this.transport.events(query);
  }
}
