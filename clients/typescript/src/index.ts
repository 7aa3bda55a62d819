// Commands and queries by context. Written by clients/generate.py from schemas/openapi.json; changes here are lost.
import type * as T from "./types.ts";
import { Aggregate, ReadModel, Transport } from "./core.ts";
import type { BulkCommand, BulkResult, CloudEvent, CommandOptions, CreateOptions, EventQuery, Options, Page, Receipt, Time } from "./core.ts";
export * from "./core.ts";
export type * as types from "./types.ts";

/** `accounting/account` */
export class AccountingAccount extends Aggregate<T.AccountingAccountState> {
  /** Opens an account. */
  open(body: T.AccountingAccountOpen, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("open", options.id, body, options);
  }
  /** Closes an account to further postings. */
  close(id: string, body: T.AccountingAccountClose = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("close", id, body, options);
  }
  /** Gives an account another name. */
  rename(id: string, body: T.AccountingAccountRename, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("rename", id, body, options);
  }
  /** Takes a closed account into use again. */
  reopen(id: string, body: T.AccountingAccountReopen = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reopen", id, body, options);
  }
  /** Changes how far the balance of a limited account may fall below zero. */
  setLimit(id: string, body: T.AccountingAccountSetLimit, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("set-limit", id, body, options);
  }
}

/** `accounting/chart` */
export class AccountingChart extends Aggregate<T.AccountingChartState> {
  /** Opens the accounts of a template, lists them in the chart, and gives them their roles. */
  applyTemplate(body: T.AccountingChartApplyTemplate, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("apply-template", options.id, body, options);
  }
}

/** `accounting/hold` */
export class AccountingHold extends Aggregate<T.AccountingHoldState> {
  /** Reserves an amount of an account for a while. */
  reserve(body: T.AccountingHoldReserve, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("reserve", options.id, body, options);
  }
  /** Releases what was reserved if its time is up. */
  expire(id: string, body: T.AccountingHoldExpire = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("expire", id, body, options);
  }
  /** Posts all or a part of what was reserved to another account, and releases the rest. */
  post(id: string, body: T.AccountingHoldPost = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("post", id, body, options);
  }
  /** Releases what was reserved. */
  void(id: string, body: T.AccountingHoldVoid = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("void", id, body, options);
  }
}

/** `accounting/journal-entry` */
export class AccountingJournalEntry extends Aggregate<T.AccountingJournalEntryState> {
  /** Posts an entry. */
  post(body: T.AccountingJournalEntryPost, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("post", options.id, body, options);
  }
  /** Posts an entry whose lines are written as journals of other products write them. */
  postJournal(body: T.AccountingJournalEntryPostJournal, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("post-journal", options.id, body, options);
  }
  /** Posts what an account holds when the books begin; the other side is the account that plays the role `opening_balance`. */
  postOpeningBalance(body: T.AccountingJournalEntryPostOpeningBalance, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("post-opening-balance", options.id, body, options);
  }
  /** Posts an entry of one amount from one account to another. */
  postPair(body: T.AccountingJournalEntryPostPair, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("post-pair", options.id, body, options);
  }
  /** Attaches a document to an entry. */
  attachEvidence(id: string, body: T.AccountingJournalEntryAttachEvidence, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("attach-evidence", id, body, options);
  }
  /** Undoes an entry by a new one with the sides exchanged. */
  reverse(id: string, body: T.AccountingJournalEntryReverse = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reverse", id, body, options);
  }
}

/** `accounting/period` */
export class AccountingPeriod extends Aggregate<T.AccountingPeriodState> {
  /** Opens the calendar. */
  open(body: T.AccountingPeriodOpen = {}, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("open", options.id, body, options);
  }
  /** Closes all days through this one. */
  closeThrough(id: string, body: T.AccountingPeriodCloseThrough, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("close-through", id, body, options);
  }
  /** Opens the days from this one on again. */
  reopen(id: string, body: T.AccountingPeriodReopen, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reopen", id, body, options);
  }
}

/** `accounting/posting-profile` */
export class AccountingPostingProfile extends Aggregate<T.AccountingPostingProfileState> {
  /** Gives a role to an account, for postings in the account's currency. */
  setRole(body: T.AccountingPostingProfileSetRole, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("set-role", options.id, body, options);
  }
}

/** The ledger: chart of accounts, journal, periods, holds and statements. */
export class Accounting {
  protected readonly transport: Transport;
  readonly accountList: ReadModel<T.AccountingAccountListRow, T.AccountingAccountListFilter, T.AccountingAccountListColumn, T.AccountingAccountListSort>;
  readonly account: AccountingAccount;
  readonly chart: AccountingChart;
  readonly holdList: ReadModel<T.AccountingHoldListRow, T.AccountingHoldListFilter, T.AccountingHoldListColumn, T.AccountingHoldListSort>;
  readonly hold: AccountingHold;
  readonly journalEntryList: ReadModel<T.AccountingJournalEntryListRow, T.AccountingJournalEntryListFilter, T.AccountingJournalEntryListColumn, T.AccountingJournalEntryListSort>;
  readonly journalEntry: AccountingJournalEntry;
  readonly ledgerLineList: ReadModel<T.AccountingLedgerLineListRow, T.AccountingLedgerLineListFilter, T.AccountingLedgerLineListColumn, T.AccountingLedgerLineListSort>;
  readonly periodList: ReadModel<T.AccountingPeriodListRow, T.AccountingPeriodListFilter, T.AccountingPeriodListColumn, T.AccountingPeriodListSort>;
  readonly period: AccountingPeriod;
  readonly postingProfile: AccountingPostingProfile;
  readonly postingRoleList: ReadModel<T.AccountingPostingRoleListRow, T.AccountingPostingRoleListFilter, T.AccountingPostingRoleListColumn, T.AccountingPostingRoleListSort>;
  readonly stockCheckList: ReadModel<T.AccountingStockCheckListRow, T.AccountingStockCheckListFilter, T.AccountingStockCheckListColumn, T.AccountingStockCheckListSort>;
  readonly subledgerCheckList: ReadModel<T.AccountingSubledgerCheckListRow, T.AccountingSubledgerCheckListFilter, T.AccountingSubledgerCheckListColumn, T.AccountingSubledgerCheckListSort>;
  constructor(transport: Transport) {
    this.transport = transport;
    this.accountList = new ReadModel(transport, "/v1/accounting/account-list");
    this.account = new AccountingAccount(transport, "/v1/accounting/account");
    this.chart = new AccountingChart(transport, "/v1/accounting/chart");
    this.holdList = new ReadModel(transport, "/v1/accounting/hold-list");
    this.hold = new AccountingHold(transport, "/v1/accounting/hold");
    this.journalEntryList = new ReadModel(transport, "/v1/accounting/journal-entry-list");
    this.journalEntry = new AccountingJournalEntry(transport, "/v1/accounting/journal-entry");
    this.ledgerLineList = new ReadModel(transport, "/v1/accounting/ledger-line-list");
    this.periodList = new ReadModel(transport, "/v1/accounting/period-list");
    this.period = new AccountingPeriod(transport, "/v1/accounting/period");
    this.postingProfile = new AccountingPostingProfile(transport, "/v1/accounting/posting-profile");
    this.postingRoleList = new ReadModel(transport, "/v1/accounting/posting-role-list");
    this.stockCheckList = new ReadModel(transport, "/v1/accounting/stock-check-list");
    this.subledgerCheckList = new ReadModel(transport, "/v1/accounting/subledger-check-list");
  }
  /** What one account holds, as of a day, a booking position, both, or now. */
  accountBalance(query: { as_of?: Time; position?: number; account: string }, options: Options = {}): Promise<Page<T.AccountingAccountBalanceRow>> {
    return this.transport.page(`/v1/accounting/account-balance`, query, options.waitFor);
  }
  /** What each supplier is owed, by how many days the bills are old. */
  agedPayables(query: { as_of?: Time; currency?: string; party?: string } = {}, options: Options = {}): Promise<Page<T.AccountingAgedPayablesRow>> {
    return this.transport.page(`/v1/accounting/aged-payables`, query, options.waitFor);
  }
  /** What each customer owes, by how many days the invoices are old. */
  agedReceivables(query: { as_of?: Time; currency?: string; party?: string } = {}, options: Options = {}): Promise<Page<T.AccountingAgedReceivablesRow>> {
    return this.transport.page(`/v1/accounting/aged-receivables`, query, options.waitFor);
  }
  /** What the company owns and owes on a day, with the result of the business year so far and of earlier years. */
  balanceSheet(query: { as_of?: Time; currency?: string } = {}, options: Options = {}): Promise<Page<T.AccountingBalanceSheetRow>> {
    return this.transport.page(`/v1/accounting/balance-sheet`, query, options.waitFor);
  }
  /** What must agree and whether it does: debits and credits, balances and entries, parties and control accounts, stock and ledger, documents and ledger. */
  consistency(query: { minutes?: number } = {}, options: Options = {}): Promise<Page<T.AccountingConsistencyRow>> {
    return this.transport.page(`/v1/accounting/consistency`, query, options.waitFor);
  }
  /** The lines of one account in the order of their days, each with the balance after it. */
  generalLedger(query: { account: string; from?: Time; to?: Time; after?: string; limit?: number }, options: Options = {}): Promise<Page<T.AccountingGeneralLedgerRow>> {
    return this.transport.page(`/v1/accounting/general-ledger`, query, options.waitFor);
  }
  /** Invoices or bills that are not paid, with what is left of each. */
  openItems(query: { as_of?: Time; currency?: string; party?: string; control?: string } = {}, options: Options = {}): Promise<Page<T.AccountingOpenItemsRow>> {
    return this.transport.page(`/v1/accounting/open-items`, query, options.waitFor);
  }
  /** What was earned and spent from one day to another. */
  profitAndLoss(query: { from?: Time; to?: Time; currency?: string } = {}, options: Options = {}): Promise<Page<T.AccountingProfitAndLossRow>> {
    return this.transport.page(`/v1/accounting/profit-and-loss`, query, options.waitFor);
  }
  /** What happened between the tenant and one customer or supplier. */
  statementOfAccount(query: { party: string; from?: Time; to?: Time; account?: string }, options: Options = {}): Promise<Page<T.AccountingStatementOfAccountRow>> {
    return this.transport.page(`/v1/accounting/statement-of-account`, query, options.waitFor);
  }
  /** What every account holds, as of a day, a booking position, both, or now. */
  trialBalance(query: { as_of?: Time; position?: number; currency?: string } = {}, options: Options = {}): Promise<Page<T.AccountingTrialBalanceRow>> {
    return this.transport.page(`/v1/accounting/trial-balance`, query, options.waitFor);
  }
}

/** `analytics/export` */
export class AnalyticsExport extends Aggregate<T.AnalyticsExportState> {
  /** Requests an export. */
  request(body: T.AnalyticsExportRequest, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("request", options.id, body, options);
  }
  /** Gives up an export that is not complete yet. */
  cancel(id: string, body: T.AnalyticsExportCancel = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("cancel", id, body, options);
  }
  /** Says that the files are written. */
  complete(id: string, body: T.AnalyticsExportComplete, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("complete", id, body, options);
  }
  /** Lets the files go once their time is over; earlier, nothing happens. */
  expire(id: string, body: T.AnalyticsExportExpire = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("expire", id, body, options);
  }
  /** Says that the export cannot be made. */
  fail(id: string, body: T.AnalyticsExportFail, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("fail", id, body, options);
  }
  /** How far an export is, and its files once it is complete. */
  files(id: string, options: Options = {}): Promise<{ bytes: number; expires_at: string | null; failure?: { code?: string; reason?: string }; files: { bytes: number; href: string; name: string; rows: number; sha256: string }[]; format: string; id: string; manifest?: string; one_state: boolean; positions: string[]; rows: number; rows_expected: number | null; status: "requested" | "completed" | "failed" | "cancelled" }> {
    return this.transport.get(`/v1/analytics/export/${encodeURIComponent(id)}/files`, {}, options.waitFor);
  }
  /** A file of an export. */
  file(id: string, file: string, options: Options = {}): Promise<Uint8Array> {
    return this.transport.bytes(`/v1/analytics/export/${encodeURIComponent(id)}/files/${encodeURIComponent(file)}`, {}, options.waitFor);
  }
}

/** `analytics/query` */
export class AnalyticsQuery extends Aggregate<T.AnalyticsQueryState> {
  /** Saves a query. */
  save(body: T.AnalyticsQuerySave, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("save", options.id, body, options);
  }
  /** Deletes a query; its name is free again. */
  delete(id: string, body: T.AnalyticsQueryDelete = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("delete", id, body, options);
  }
  /** Makes a query somebody else's. */
  handOver(id: string, body: T.AnalyticsQueryHandOver, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("hand-over", id, body, options);
  }
  /** Gives a query another definition, all of it. */
  revise(id: string, body: T.AnalyticsQueryRevise, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("revise", id, body, options);
  }
  /** Runs a query whose time has come. */
  runDue(id: string, body: T.AnalyticsQueryRunDue = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("run-due", id, body, options);
  }
  /** Says when a query runs by itself. */
  schedule(id: string, body: T.AnalyticsQuerySchedule, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("schedule", id, body, options);
  }
  /** Lets roles run a query; those that are not named no longer may. */
  share(id: string, body: T.AnalyticsQueryShare, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("share", id, body, options);
  }
  /** Keeps a query from running by itself. */
  unschedule(id: string, body: T.AnalyticsQueryUnschedule = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("unschedule", id, body, options);
  }
  /** Asks a saved query. */
  run(id: string, query: { parameters?: Record<string, string> } = {}, options: Options = {}): Promise<{ as_of: T.AsOf; data: (Record<string, any>)[]; next_cursor?: string | null }> {
    return this.transport.get(`/v1/analytics/query/${encodeURIComponent(id)}/run`, { ...query, ...query.parameters, parameters: undefined }, options.waitFor);
  }
}

/** Saved queries over the read models and reports of all contexts, and exports of them as files. */
export class Analytics {
  protected readonly transport: Transport;
  readonly exportList: ReadModel<T.AnalyticsExportListRow, T.AnalyticsExportListFilter, T.AnalyticsExportListColumn, T.AnalyticsExportListSort>;
  readonly export: AnalyticsExport;
  readonly queryList: ReadModel<T.AnalyticsQueryListRow, T.AnalyticsQueryListFilter, T.AnalyticsQueryListColumn, T.AnalyticsQueryListSort>;
  readonly query: AnalyticsQuery;
  readonly saleList: ReadModel<T.AnalyticsSaleListRow, T.AnalyticsSaleListFilter, T.AnalyticsSaleListColumn, T.AnalyticsSaleListSort>;
  constructor(transport: Transport) {
    this.transport = transport;
    this.exportList = new ReadModel(transport, "/v1/analytics/export-list");
    this.export = new AnalyticsExport(transport, "/v1/analytics/export");
    this.queryList = new ReadModel(transport, "/v1/analytics/query-list");
    this.query = new AnalyticsQuery(transport, "/v1/analytics/query");
    this.saleList = new ReadModel(transport, "/v1/analytics/sale-list");
  }
  /** What is on each cash and bank account by day, week or month, and what came and went. */
  cash(query: { currency?: string; from?: Time; to?: Time; bucket?: "day" | "week" | "month"; account?: string } = {}, options: Options = {}): Promise<Page<T.AnalyticsCashRow>> {
    return this.transport.page(`/v1/analytics/cash`, query, options.waitFor);
  }
  /** The key figures of a period, by currency, beside those of as many days before it. */
  overview(query: { currency?: string; from?: Time; to?: Time } = {}, options: Options = {}): Promise<Page<T.AnalyticsOverviewRow>> {
    return this.transport.page(`/v1/analytics/overview`, query, options.waitFor);
  }
  /** What is owed to suppliers, by how long it has been due; of any day. */
  payables(query: { as_of?: Time; currency?: string; supplier_id?: string } = {}, options: Options = {}): Promise<Page<T.AnalyticsPayablesRow>> {
    return this.transport.page(`/v1/analytics/payables`, query, options.waitFor);
  }
  /** Open deals by stage and by the month in which they are expected, stages without deals included. */
  pipeline(query: { pipeline_id?: string; owner?: string; currency?: string } = {}, options: Options = {}): Promise<Page<T.AnalyticsPipelineRow>> {
    return this.transport.page(`/v1/analytics/pipeline`, query, options.waitFor);
  }
  /** How far each projection is behind the log, and what it could not apply. */
  projectionLag(query: { context?: string; least?: number } = {}, options: Options = {}): Promise<Page<T.AnalyticsProjectionLagRow>> {
    return this.transport.page(`/v1/analytics/projection-lag`, query, options.waitFor);
  }
  /** What customers owe, by how long it has been due; of any day. */
  receivables(query: { as_of?: Time; currency?: string; customer_id?: string } = {}, options: Options = {}): Promise<Page<T.AnalyticsReceivablesRow>> {
    return this.transport.page(`/v1/analytics/receivables`, query, options.waitFor);
  }
  /** Monthly recurring revenue by day, week or month: opening, new, expansion, contraction, churn, closing. */
  recurringRevenue(query: { currency?: string; from?: Time; to?: Time; bucket?: "day" | "week" | "month" } = {}, options: Options = {}): Promise<Page<T.AnalyticsRecurringRevenueRow>> {
    return this.transport.page(`/v1/analytics/recurring-revenue`, query, options.waitFor);
  }
  /** What was invoiced and credited by day, week or month; of everybody, of one customer, of one product. */
  revenue(query: { currency?: string; from?: Time; to?: Time; bucket?: "day" | "week" | "month"; customer_id?: string; product?: string } = {}, options: Options = {}): Promise<Page<T.AnalyticsRevenueRow>> {
    return this.transport.page(`/v1/analytics/revenue`, query, options.waitFor);
  }
  /** How long the stock lasts and what it is worth, the scarcest first. */
  stockCover(query: { days?: number; product_id?: string; warehouse_id?: string; below?: number; limit?: number } = {}, options: Options = {}): Promise<Page<T.AnalyticsStockCoverRow>> {
    return this.transport.page(`/v1/analytics/stock-cover`, query, options.waitFor);
  }
  /** The customers who brought most in a period, by currency. */
  topCustomers(query: { currency?: string; from?: Time; to?: Time; limit?: number } = {}, options: Options = {}): Promise<Page<T.AnalyticsTopCustomersRow>> {
    return this.transport.page(`/v1/analytics/top-customers`, query, options.waitFor);
  }
  /** The products that brought most in a period, by currency, with what the shipped pieces had cost. */
  topProducts(query: { currency?: string; from?: Time; to?: Time; limit?: number } = {}, options: Options = {}): Promise<Page<T.AnalyticsTopProductsRow>> {
    return this.transport.page(`/v1/analytics/top-products`, query, options.waitFor);
  }
}

/** Signed checkpoints of the tenant's history, and proofs. */
export class Audit {
  protected readonly transport: Transport;
  constructor(transport: Transport) {
    this.transport = transport;
  }
  /** The signed state of the tenant's history. */
  checkpoint(query: { size?: number } = {}): Promise<{ note: string; root: string; size: number; tenant_id: string }> {
    return this.transport.get(`/v1/audit/checkpoint`, query);
  }
  /** The proof that the history only grew. */
  consistency(query: { from: number; to?: number }): Promise<{ checkpoint: string | null; from: number; from_root: string; proof: string[]; to: number; to_root: string }> {
    return this.transport.get(`/v1/audit/consistency`, query);
  }
  /** The proof that an event is in the history. */
  eventProof(id: string, query: { size?: number } = {}): Promise<{ checkpoint: string; proof: string[]; record: { aggregate_id: string; aggregate_type: string; context: string; event_id: string; event_type: string; event_version: string; index: number; leaf_hash: string; metadata: string; partition: number; payload: string | null; payload_digest: string; payload_salt: string | null; position: number; recorded_at: string; sequence: number }; root: string; tree_size: number }> {
    return this.transport.get(`/v1/audit/events/${encodeURIComponent(id)}/proof`, query);
  }
  /** The public keys that sign checkpoints or have signed them. */
  keys(): Promise<{ keys: { active: boolean; key: string }[] }> {
    return this.transport.get(`/v1/audit/keys`, {});
  }
}

/** `billing/checkout` */
export class BillingCheckout extends Aggregate<T.BillingCheckoutState> {
  /** Asks the payment provider for a page. */
  open(body: T.BillingCheckoutOpen, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("open", options.id, body, options);
  }
  /** Says that the customer has bought. */
  complete(id: string, body: T.BillingCheckoutComplete = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("complete", id, body, options);
  }
  /** Says that the page is gone, or never came. */
  fail(id: string, body: T.BillingCheckoutFail, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("fail", id, body, options);
  }
  /** Says that the page is there. */
  ready(id: string, body: T.BillingCheckoutReady, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("ready", id, body, options);
  }
}

/** `billing/customer` */
export class BillingCustomer extends Aggregate<T.BillingCustomerState> {
  /** Registers a customer, under the id that the CRM has for the contact or company. */
  register(body: T.BillingCustomerRegister, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("register", options.id, body, options);
  }
  /** Erases what is personal, here and at the payment providers. */
  erase(id: string, body: T.BillingCustomerErase, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("erase", id, body, options);
  }
  /** Says under which id a payment provider knows the customer. */
  link(id: string, body: T.BillingCustomerLink, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("link", id, body, options);
  }
  /** Says that a payment provider knows the customer no more. */
  unlink(id: string, body: T.BillingCustomerUnlink, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("unlink", id, body, options);
  }
  /** Changes facts about a customer: an absent field stays, `null` clears it. */
  update(id: string, body: T.BillingCustomerUpdate = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("update", id, body, options);
  }
}

/** `billing/dunning-policy` */
export class BillingDunningPolicy extends Aggregate<T.BillingDunningPolicyState> {
  /** Defines how unpaid amounts are asked for again. */
  define(body: T.BillingDunningPolicyDefine, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("define", options.id, body, options);
  }
}

/** `billing/payment` */
export class BillingPayment extends Aggregate<T.BillingPaymentState> {
  /** Asks for a payment. */
  request(body: T.BillingPaymentRequest, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("request", options.id, body, options);
  }
  /** Says what is still owed of it, because the invoice was paid or credited in part, or is owed again. */
  adjust(id: string, body: T.BillingPaymentAdjust, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("adjust", id, body, options);
  }
  /** Says that an amount is held for us. */
  authorize(id: string, body: T.BillingPaymentAuthorize, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("authorize", id, body, options);
  }
  /** Says that the money is ours: the provider tells, or somebody saw it on the bank account. */
  capture(id: string, body: T.BillingPaymentCapture = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("capture", id, body, options);
  }
  /** Says how a dispute ended. */
  closeChargeback(id: string, body: T.BillingPaymentCloseChargeback, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("close-chargeback", id, body, options);
  }
  /** Says that money was given back. */
  completeRefund(id: string, body: T.BillingPaymentCompleteRefund, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("complete-refund", id, body, options);
  }
  /** Takes the next step of dunning. */
  dun(id: string, body: T.BillingPaymentDun = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("dun", id, body, options);
  }
  /** Says that an attempt to collect the amount failed. */
  fail(id: string, body: T.BillingPaymentFail, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("fail", id, body, options);
  }
  /** Says that money could not be given back. */
  failRefund(id: string, body: T.BillingPaymentFailRefund, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("fail-refund", id, body, options);
  }
  /** Says that the payer's bank demands the money back. */
  openChargeback(id: string, body: T.BillingPaymentOpenChargeback, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("open-chargeback", id, body, options);
  }
  /** Gives money back. */
  refund(id: string, body: T.BillingPaymentRefund, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("refund", id, body, options);
  }
  /** Asks the provider to capture what it holds. */
  requestCapture(id: string, body: T.BillingPaymentRequestCapture = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("request-capture", id, body, options);
  }
  /** Says that the payer must do something. */
  requireAction(id: string, body: T.BillingPaymentRequireAction, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("require-action", id, body, options);
  }
  /** Calls the payment off. */
  void(id: string, body: T.BillingPaymentVoid = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("void", id, body, options);
  }
}

/** `billing/plan` */
export class BillingPlan extends Aggregate<T.BillingPlanState> {
  /** Publishes a version of a plan. */
  publish(body: T.BillingPlanPublish, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("publish", options.id, body, options);
  }
  /** Names the price of the newest version at the payment provider. */
  link(id: string, body: T.BillingPlanLink, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("link", id, body, options);
  }
  /** Takes a plan from sale. */
  retire(id: string, body: T.BillingPlanRetire = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("retire", id, body, options);
  }
}

/** `billing/reconciliation` */
export class BillingReconciliation extends Aggregate<T.BillingReconciliationState> {
  /** Records a comparison with the payment provider. */
  record(body: T.BillingReconciliationRecord, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("record", options.id, body, options);
  }
}

/** `billing/subscription` */
export class BillingSubscription extends Aggregate<T.BillingSubscriptionState> {
  /** Starts a subscription. */
  start(body: T.BillingSubscriptionStart, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("start", options.id, body, options);
  }
  /** Tells how a subscription stands that the payment provider bills. */
  sync(body: T.BillingSubscriptionSync, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("sync", options.id, body, options);
  }
  /** Takes over a subscription that was sold and billed elsewhere, with its past. */
  takeOver(body: T.BillingSubscriptionTakeOver, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("take-over", options.id, body, options);
  }
  /** Bills the period that is over. */
  billPeriod(id: string, body: T.BillingSubscriptionBillPeriod = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("bill-period", id, body, options);
  }
  /** Cancels. */
  cancel(id: string, body: T.BillingSubscriptionCancel = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("cancel", id, body, options);
  }
  /** Changes plan, version or quantity. */
  changePlan(id: string, body: T.BillingSubscriptionChangePlan = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("change-plan", id, body, options);
  }
  /** Ends a subscription whose payment is overdue, without a further bill. */
  expire(id: string, body: T.BillingSubscriptionExpire = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("expire", id, body, options);
  }
  /** Grants a feature differently from the plan. */
  overrideEntitlement(id: string, body: T.BillingSubscriptionOverrideEntitlement, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("override-entitlement", id, body, options);
  }
  /** Takes back a cancellation that has not happened yet. */
  resume(id: string, body: T.BillingSubscriptionResume = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("resume", id, body, options);
  }
}

/** `billing/usage` */
export class BillingUsage extends Aggregate<T.BillingUsageState> {
  /** Records usage of the subscription with this id: 1 to 1,000 records, each of which counts once. */
  record(body: T.BillingUsageRecord, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("record", options.id, body, options);
  }
}

/** Plans, subscriptions, usage, entitlements, payments and dunning. */
export class Billing {
  protected readonly transport: Transport;
  readonly billList: ReadModel<T.BillingBillListRow, T.BillingBillListFilter, T.BillingBillListColumn, T.BillingBillListSort>;
  readonly checkoutList: ReadModel<T.BillingCheckoutListRow, T.BillingCheckoutListFilter, T.BillingCheckoutListColumn, T.BillingCheckoutListSort>;
  readonly checkout: BillingCheckout;
  readonly customerList: ReadModel<T.BillingCustomerListRow, T.BillingCustomerListFilter, T.BillingCustomerListColumn, T.BillingCustomerListSort>;
  readonly customer: BillingCustomer;
  readonly driftList: ReadModel<T.BillingDriftListRow, T.BillingDriftListFilter, T.BillingDriftListColumn, T.BillingDriftListSort>;
  readonly dunningPolicy: BillingDunningPolicy;
  readonly mrrMovement: ReadModel<T.BillingMrrMovementRow, T.BillingMrrMovementFilter, T.BillingMrrMovementColumn, T.BillingMrrMovementSort>;
  readonly paymentList: ReadModel<T.BillingPaymentListRow, T.BillingPaymentListFilter, T.BillingPaymentListColumn, T.BillingPaymentListSort>;
  readonly payment: BillingPayment;
  readonly planList: ReadModel<T.BillingPlanListRow, T.BillingPlanListFilter, T.BillingPlanListColumn, T.BillingPlanListSort>;
  readonly plan: BillingPlan;
  readonly reconciliationList: ReadModel<T.BillingReconciliationListRow, T.BillingReconciliationListFilter, T.BillingReconciliationListColumn, T.BillingReconciliationListSort>;
  readonly reconciliation: BillingReconciliation;
  readonly subscriptionList: ReadModel<T.BillingSubscriptionListRow, T.BillingSubscriptionListFilter, T.BillingSubscriptionListColumn, T.BillingSubscriptionListSort>;
  readonly subscription: BillingSubscription;
  readonly usageList: ReadModel<T.BillingUsageListRow, T.BillingUsageListFilter, T.BillingUsageListColumn, T.BillingUsageListSort>;
  readonly usage: BillingUsage;
  constructor(transport: Transport) {
    this.transport = transport;
    this.billList = new ReadModel(transport, "/v1/billing/bill-list");
    this.checkoutList = new ReadModel(transport, "/v1/billing/checkout-list");
    this.checkout = new BillingCheckout(transport, "/v1/billing/checkout");
    this.customerList = new ReadModel(transport, "/v1/billing/customer-list");
    this.customer = new BillingCustomer(transport, "/v1/billing/customer");
    this.driftList = new ReadModel(transport, "/v1/billing/drift-list");
    this.dunningPolicy = new BillingDunningPolicy(transport, "/v1/billing/dunning-policy");
    this.mrrMovement = new ReadModel(transport, "/v1/billing/mrr-movement");
    this.paymentList = new ReadModel(transport, "/v1/billing/payment-list");
    this.payment = new BillingPayment(transport, "/v1/billing/payment");
    this.planList = new ReadModel(transport, "/v1/billing/plan-list");
    this.plan = new BillingPlan(transport, "/v1/billing/plan");
    this.reconciliationList = new ReadModel(transport, "/v1/billing/reconciliation-list");
    this.reconciliation = new BillingReconciliation(transport, "/v1/billing/reconciliation");
    this.subscriptionList = new ReadModel(transport, "/v1/billing/subscription-list");
    this.subscription = new BillingSubscription(transport, "/v1/billing/subscription");
    this.usageList = new ReadModel(transport, "/v1/billing/usage-list");
    this.usage = new BillingUsage(transport, "/v1/billing/usage");
  }
  /** Annual recurring revenue by plan, from the subscriptions that are under way. */
  arr(query: { currency?: string } = {}, options: Options = {}): Promise<Page<T.BillingArrRow>> {
    return this.transport.page(`/v1/billing/arr`, query, options.waitFor);
  }
  /** Churn by month: subscriptions and revenue lost, of those that were there when the month began. */
  churn(query: { currency?: string; from?: Time; to?: Time } = {}, options: Options = {}): Promise<Page<T.BillingChurnRow>> {
    return this.transport.page(`/v1/billing/churn`, query, options.waitFor);
  }
  /** What was used and is not billed yet. */
  currentUsage(query: { subscription_id?: string; customer_id?: string; metric?: string } = {}, options: Options = {}): Promise<Page<T.BillingCurrentUsageRow>> {
    return this.transport.page(`/v1/billing/current-usage`, query, options.waitFor);
  }
  /** What subscriptions entitle to now: the plan's features, overrides, and whether they are granted. */
  entitlements(query: { subscription_id?: string; customer_id?: string; feature?: string } = {}, options: Options = {}): Promise<Page<T.BillingEntitlementsRow>> {
    return this.transport.page(`/v1/billing/entitlements`, query, options.waitFor);
  }
  /** Monthly recurring revenue by month: opening, new, expansion, contraction, churn, closing. */
  mrr(query: { currency?: string; from?: Time; to?: Time } = {}, options: Options = {}): Promise<Page<T.BillingMrrRow>> {
    return this.transport.page(`/v1/billing/mrr`, query, options.waitFor);
  }
  /** What is overdue, by how many days. */
  overdue(query: { currency?: string; customer_id?: string } = {}, options: Options = {}): Promise<Page<T.BillingOverdueRow>> {
    return this.transport.page(`/v1/billing/overdue`, query, options.waitFor);
  }
  /** Differences between what we have and what the payment provider has, as the last comparison found them. */
  reconciliationDrift(query: { reconciliation_id?: string; open?: boolean } = {}, options: Options = {}): Promise<Page<T.BillingReconciliationDriftRow>> {
    return this.transport.page(`/v1/billing/reconciliation-drift`, query, options.waitFor);
  }
}

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
  /** Erases the company's data, for instance those of a sole trader who asks for it, in this company and in all that were ever merged into it. */
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

/** `inventory/product` */
export class InventoryProduct extends Aggregate<T.InventoryProductState> {
  /** Creates a product. */
  create(body: T.InventoryProductCreate, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("create", options.id, body, options);
  }
  /** Stops buying a product: nothing is received any more, what is in stock is sold off. */
  discontinue(id: string, body: T.InventoryProductDiscontinue = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("discontinue", id, body, options);
  }
  /** Says what a piece is sold for. */
  price(id: string, body: T.InventoryProductPrice = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("price", id, body, options);
  }
  /** Buys a discontinued product again. */
  reinstate(id: string, body: T.InventoryProductReinstate = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reinstate", id, body, options);
  }
  /** Gives a product another name. */
  rename(id: string, body: T.InventoryProductRename, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("rename", id, body, options);
  }
  /** Changes facts about a product: an absent field stays, `null` clears it. */
  update(id: string, body: T.InventoryProductUpdate = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("update", id, body, options);
  }
}

/** `inventory/reorder-suggestion` */
export class InventoryReorderSuggestion extends Aggregate<T.InventoryReorderSuggestionState> {
  /** Suggests to order a product. */
  suggest(body: T.InventoryReorderSuggestionSuggest, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("suggest", options.id, body, options);
  }
  /** Takes back an open suggestion that is no longer needed; does nothing to one that was decided. */
  withdraw(body: T.InventoryReorderSuggestionWithdraw = {}, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("withdraw", options.id, body, options);
  }
  /** Says that it was ordered. */
  accept(id: string, body: T.InventoryReorderSuggestionAccept = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("accept", id, body, options);
  }
  /** Decides against it. */
  dismiss(id: string, body: T.InventoryReorderSuggestionDismiss, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("dismiss", id, body, options);
  }
}

/** `inventory/sku` */
export class InventorySku extends Aggregate<T.InventorySkuState> {
}

/** `inventory/stock-item` */
export class InventoryStockItem extends Aggregate<T.InventoryStockItemState> {
  /** Makes the books agree with what is there: damage, loss, theft, a find. */
  adjust(body: T.InventoryStockItemAdjust, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("adjust", options.id, body, options);
  }
  /** Records a count. */
  count(body: T.InventoryStockItemCount, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("count", options.id, body, options);
  }
  /** Receives goods. */
  receive(body: T.InventoryStockItemReceive, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("receive", options.id, body, options);
  }
  /** Commits pieces without an end: those of a reservation, or available ones. */
  allocate(id: string, body: T.InventoryStockItemAllocate, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("allocate", id, body, options);
  }
  /** Ends the reservations whose time is over. */
  expireReservations(id: string, body: T.InventoryStockItemExpireReservations = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("expire-reservations", id, body, options);
  }
  /** Frees what a reservation or an allocation keeps. */
  release(id: string, body: T.InventoryStockItemRelease, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("release", id, body, options);
  }
  /** Keeps available pieces for somebody until a time. */
  reserve(id: string, body: T.InventoryStockItemReserve, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reserve", id, body, options);
  }
  /** Takes goods back from a customer, at what they were worth when they left. */
  return(id: string, body: T.InventoryStockItemReturn, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("return", id, body, options);
  }
  /** Sets what the stock is worth, such as to its lower net realisable value. */
  revalue(id: string, body: T.InventoryStockItemRevalue, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("revalue", id, body, options);
  }
  /** Looks whether the item is to be ordered again, and says so where that has changed: with the product's reorder point, or because the product is no longer bought, or is again. */
  reviewReorder(id: string, body: T.InventoryStockItemReviewReorder = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("review-reorder", id, body, options);
  }
  /** Ships goods to a customer: those that a reservation or allocation keeps, or free ones, safety stock included. */
  ship(id: string, body: T.InventoryStockItemShip, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("ship", id, body, options);
  }
  /** Moves free goods to another warehouse; their value and their age move with them. */
  transfer(id: string, body: T.InventoryStockItemTransfer, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("transfer", id, body, options);
  }
}

/** `inventory/stock-movement` */
export class InventoryStockMovement extends Aggregate<T.InventoryStockMovementState> {
  /** Takes over stock that was there before it was kept here. */
  openStock(body: T.InventoryStockMovementOpenStock, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("open-stock", options.id, body, options);
  }
  /** Receives goods from a supplier, named as files and scanners name them. */
  receive(body: T.InventoryStockMovementReceive, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("receive", options.id, body, options);
  }
  /** Records a movement of the past: it counts in the books on its own day (on the next open one where the books of the day are closed), and takes or brings the value that the stock has when it is recorded. */
  record(body: T.InventoryStockMovementRecord, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("record", options.id, body, options);
  }
  /** Corrects what the goods of a receipt cost. */
  adjustCost(id: string, body: T.InventoryStockMovementAdjustCost = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("adjust-cost", id, body, options);
  }
}

/** `inventory/stock-reservation` */
export class InventoryStockReservation extends Aggregate<T.InventoryStockReservationState> {
  /** Keeps all that is wanted until a time, or nothing where one item is short. */
  place(body: T.InventoryStockReservationPlace, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("place", options.id, body, options);
  }
  /** Commits all that is kept, without an end. */
  allocate(id: string, body: T.InventoryStockReservationAllocate = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("allocate", id, body, options);
  }
  /** Ends the reservation if its time is over. */
  expire(id: string, body: T.InventoryStockReservationExpire = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("expire", id, body, options);
  }
  /** Gives up what has not left. */
  release(id: string, body: T.InventoryStockReservationRelease = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("release", id, body, options);
  }
  /** Ships what is kept, all of it or some. */
  ship(id: string, body: T.InventoryStockReservationShip, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("ship", id, body, options);
  }
}

/** `inventory/warehouse-section` */
export class InventoryWarehouseSection extends Aggregate<T.InventoryWarehouseSectionState> {
}

/** `inventory/warehouse` */
export class InventoryWarehouse extends Aggregate<T.InventoryWarehouseState> {
  /** Opens a warehouse. */
  open(body: T.InventoryWarehouseOpen, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("open", options.id, body, options);
  }
  /** Closes a warehouse that holds no stock. */
  close(id: string, body: T.InventoryWarehouseClose = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("close", id, body, options);
  }
  /** Gives a warehouse another name. */
  rename(id: string, body: T.InventoryWarehouseRename, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("rename", id, body, options);
  }
  /** Opens a closed warehouse again. */
  reopen(id: string, body: T.InventoryWarehouseReopen = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reopen", id, body, options);
  }
}

/** Products, warehouses, stock and its value, reservations and reordering. */
export class Inventory {
  protected readonly transport: Transport;
  readonly layerList: ReadModel<T.InventoryLayerListRow, T.InventoryLayerListFilter, T.InventoryLayerListColumn, T.InventoryLayerListSort>;
  readonly movementList: ReadModel<T.InventoryMovementListRow, T.InventoryMovementListFilter, T.InventoryMovementListColumn, T.InventoryMovementListSort>;
  readonly productList: ReadModel<T.InventoryProductListRow, T.InventoryProductListFilter, T.InventoryProductListColumn, T.InventoryProductListSort>;
  readonly product: InventoryProduct;
  readonly reorderSuggestionList: ReadModel<T.InventoryReorderSuggestionListRow, T.InventoryReorderSuggestionListFilter, T.InventoryReorderSuggestionListColumn, T.InventoryReorderSuggestionListSort>;
  readonly reorderSuggestion: InventoryReorderSuggestion;
  readonly reservationList: ReadModel<T.InventoryReservationListRow, T.InventoryReservationListFilter, T.InventoryReservationListColumn, T.InventoryReservationListSort>;
  readonly sku: InventorySku;
  readonly stockItem: InventoryStockItem;
  readonly stockList: ReadModel<T.InventoryStockListRow, T.InventoryStockListFilter, T.InventoryStockListColumn, T.InventoryStockListSort>;
  readonly stockMovement: InventoryStockMovement;
  readonly stockReservationList: ReadModel<T.InventoryStockReservationListRow, T.InventoryStockReservationListFilter, T.InventoryStockReservationListColumn, T.InventoryStockReservationListSort>;
  readonly stockReservation: InventoryStockReservation;
  readonly warehouseList: ReadModel<T.InventoryWarehouseListRow, T.InventoryWarehouseListFilter, T.InventoryWarehouseListColumn, T.InventoryWarehouseListSort>;
  readonly warehouseSection: InventoryWarehouseSection;
  readonly warehouse: InventoryWarehouse;
  constructor(transport: Transport) {
    this.transport = transport;
    this.layerList = new ReadModel(transport, "/v1/inventory/layer-list");
    this.movementList = new ReadModel(transport, "/v1/inventory/movement-list");
    this.productList = new ReadModel(transport, "/v1/inventory/product-list");
    this.product = new InventoryProduct(transport, "/v1/inventory/product");
    this.reorderSuggestionList = new ReadModel(transport, "/v1/inventory/reorder-suggestion-list");
    this.reorderSuggestion = new InventoryReorderSuggestion(transport, "/v1/inventory/reorder-suggestion");
    this.reservationList = new ReadModel(transport, "/v1/inventory/reservation-list");
    this.sku = new InventorySku(transport, "/v1/inventory/sku");
    this.stockItem = new InventoryStockItem(transport, "/v1/inventory/stock-item");
    this.stockList = new ReadModel(transport, "/v1/inventory/stock-list");
    this.stockMovement = new InventoryStockMovement(transport, "/v1/inventory/stock-movement");
    this.stockReservationList = new ReadModel(transport, "/v1/inventory/stock-reservation-list");
    this.stockReservation = new InventoryStockReservation(transport, "/v1/inventory/stock-reservation");
    this.warehouseList = new ReadModel(transport, "/v1/inventory/warehouse-list");
    this.warehouseSection = new InventoryWarehouseSection(transport, "/v1/inventory/warehouse-section");
    this.warehouse = new InventoryWarehouse(transport, "/v1/inventory/warehouse");
  }
  /** Stock and its value by how many days ago it came in. */
  ageing(query: { product_id?: string; warehouse_id?: string; as_of?: Time } = {}, options: Options = {}): Promise<Page<T.InventoryAgeingRow>> {
    return this.transport.page(`/v1/inventory/ageing`, query, options.waitFor);
  }
  /** What can be promised now, by product with its warehouses; expired reservations are left out to the second. */
  availability(query: { product_id?: string; sku?: string; warehouse_id?: string } = {}, options: Options = {}): Promise<Page<T.InventoryAvailabilityRow>> {
    return this.transport.page(`/v1/inventory/availability`, query, options.waitFor);
  }
  /** How long the stock lasts if as much is shipped each day as lately. */
  daysOfCover(query: { days?: number; product_id?: string; warehouse_id?: string } = {}, options: Options = {}): Promise<Page<T.InventoryDaysOfCoverRow>> {
    return this.transport.page(`/v1/inventory/days-of-cover`, query, options.waitFor);
  }
  /** What is below its reorder point, how many to order, and the open suggestion. */
  reorderList(query: { warehouse_id?: string; supplier?: string } = {}, options: Options = {}): Promise<Page<T.InventoryReorderListRow>> {
    return this.transport.page(`/v1/inventory/reorder-list`, query, options.waitFor);
  }
  /** What the stock is worth, by product and warehouse, now or at the end of a day. */
  valuation(query: { as_of?: Time; product_id?: string; warehouse_id?: string } = {}, options: Options = {}): Promise<Page<T.InventoryValuationRow>> {
    return this.transport.page(`/v1/inventory/valuation`, query, options.waitFor);
  }
  /** What the stock is worth, by warehouse, category and currency, now or at the end of a day. */
  valuationSummary(query: { as_of?: Time } = {}, options: Options = {}): Promise<Page<T.InventoryValuationSummaryRow>> {
    return this.transport.page(`/v1/inventory/valuation-summary`, query, options.waitFor);
  }
}

/** `invoicing/bill` */
export class InvoicingBill extends Aggregate<T.InvoicingBillState> {
  /** Enters a bill as the supplier sent it. */
  enter(body: T.InvoicingBillEnter, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("enter", options.id, body, options);
  }
  /** Adds a line of an imported bill, which the first line enters. */
  importLine(body: T.InvoicingBillImportLine, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("import-line", options.id, body, options);
  }
  /** Adds a line, until the bill is approved. */
  addLine(id: string, body: T.InvoicingBillAddLine, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("add-line", id, body, options);
  }
  /** Approves the bill: it is right and to be paid. */
  approve(id: string, body: T.InvoicingBillApprove = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("approve", id, body, options);
  }
  /** Records a credit note of the supplier: named lines, or an amount spread over all lines, or all that is left. */
  credit(id: string, body: T.InvoicingBillCredit, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("credit", id, body, options);
  }
  /** Says that the bill is not accepted as it is. */
  dispute(id: string, body: T.InvoicingBillDispute, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("dispute", id, body, options);
  }
  /** Erases the supplier's data from the bill, once the time is over for which it must be kept. */
  eraseSupplier(id: string, body: T.InvoicingBillEraseSupplier, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("erase-supplier", id, body, options);
  }
  /** Records that the bill was paid, or a part of it; no more than is open. */
  recordPayment(id: string, body: T.InvoicingBillRecordPayment, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("record-payment", id, body, options);
  }
  /** Records that the supplier paid back what credit notes gave beyond what was open. */
  recordRefund(id: string, body: T.InvoicingBillRecordRefund, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("record-refund", id, body, options);
  }
  /** Takes a line out, until the bill is approved. */
  removeLine(id: string, body: T.InvoicingBillRemoveLine, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("remove-line", id, body, options);
  }
  /** Records that a payment came back. */
  reversePayment(id: string, body: T.InvoicingBillReversePayment, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reverse-payment", id, body, options);
  }
  /** Settles a dispute. */
  settleDispute(id: string, body: T.InvoicingBillSettleDispute = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("settle-dispute", id, body, options);
  }
  /** Changes what was entered, until it is approved: an absent field stays, `null` clears it. */
  update(id: string, body: T.InvoicingBillUpdate = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("update", id, body, options);
  }
  /** Makes the bill count as never come. */
  void(id: string, body: T.InvoicingBillVoid, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("void", id, body, options);
  }
}

/** `invoicing/credit-note` */
export class InvoicingCreditNote extends Aggregate<unknown> {
  /** The credit note as it is sent to the customer; its id is its number. */
  pdf(id: string, options: Options = {}): Promise<Uint8Array> {
    return this.transport.bytes(`/v1/invoicing/credit-note/${encodeURIComponent(id)}/pdf`, {}, options.waitFor);
  }
}

/** `invoicing/customer-account` */
export class InvoicingCustomerAccount extends Aggregate<T.InvoicingCustomerAccountState> {
  /** Erases the customer's name from the account, once there is no credit left to be paid back. */
  eraseCustomer(id: string, body: T.InvoicingCustomerAccountEraseCustomer, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("erase-customer", id, body, options);
  }
  /** Records that credit was paid back to the customer. */
  refundCredit(id: string, body: T.InvoicingCustomerAccountRefundCredit, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("refund-credit", id, body, options);
  }
}

/** `invoicing/customer-payment` */
export class InvoicingCustomerPayment extends Aggregate<T.InvoicingCustomerPaymentState> {
  /** Records a payment of a customer. */
  receive(body: T.InvoicingCustomerPaymentReceive, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("receive", options.id, body, options);
  }
  /** A part of a payment, for one invoice. */
  allocate(id: string, body: T.InvoicingCustomerPaymentAllocate, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("allocate", id, body, options);
  }
  /** Erases the payer's name, once the time is over for which it must be kept. */
  eraseCustomer(id: string, body: T.InvoicingCustomerPaymentEraseCustomer, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("erase-customer", id, body, options);
  }
  /** Gives back what is for no invoice, or a part of it. */
  refund(id: string, body: T.InvoicingCustomerPaymentRefund, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("refund", id, body, options);
  }
  /** Records that the whole payment went back: a cheque bounced, a direct debit was returned. */
  reverse(id: string, body: T.InvoicingCustomerPaymentReverse, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reverse", id, body, options);
  }
}

/** `invoicing/invoice` */
export class InvoicingInvoice extends Aggregate<T.InvoicingInvoiceState> {
  /** Drafts an invoice. */
  draft(body: T.InvoicingInvoiceDraft, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("draft", options.id, body, options);
  }
  /** Adds a line of an imported invoice to its draft, which the first line drafts. */
  importLine(body: T.InvoicingInvoiceImportLine, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("import-line", options.id, body, options);
  }
  /** Adds a line to a draft. */
  addLine(id: string, body: T.InvoicingInvoiceAddLine, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("add-line", id, body, options);
  }
  /** Settles the invoice with credit of the customer. */
  applyCredit(id: string, body: T.InvoicingInvoiceApplyCredit, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("apply-credit", id, body, options);
  }
  /** Looks whether the invoice is overdue, or a reminder due; sent by the clock, harmless at any time. */
  checkDue(id: string, body: T.InvoicingInvoiceCheckDue = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("check-due", id, body, options);
  }
  /** Credits the invoice with a credit note of its own number: named lines, or an amount spread over all lines, or all that is left. */
  credit(id: string, body: T.InvoicingInvoiceCredit, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("credit", id, body, options);
  }
  /** Throws a draft away. */
  discard(id: string, body: T.InvoicingInvoiceDiscard = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("discard", id, body, options);
  }
  /** Erases the customer's data from the invoice, once the time is over for which it must be kept. */
  eraseCustomer(id: string, body: T.InvoicingInvoiceEraseCustomer, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("erase-customer", id, body, options);
  }
  /** Makes a draft final: it takes the next number of its series, and its lines cannot be changed any more. */
  finalize(id: string, body: T.InvoicingInvoiceFinalize = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("finalize", id, body, options);
  }
  /** Records a payment of this invoice. */
  recordPayment(id: string, body: T.InvoicingInvoiceRecordPayment, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("record-payment", id, body, options);
  }
  /** Records that money which had paid the invoice went back to the payer: a refund, or a chargeback that was lost. */
  refundPayment(id: string, body: T.InvoicingInvoiceRefundPayment, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("refund-payment", id, body, options);
  }
  /** Takes a line out of a draft. */
  removeLine(id: string, body: T.InvoicingInvoiceRemoveLine, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("remove-line", id, body, options);
  }
  /** Records that a payment went back: a cheque bounced, a direct debit was returned, a card payment was refunded. */
  reversePayment(id: string, body: T.InvoicingInvoiceReversePayment, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reverse-payment", id, body, options);
  }
  /** Changes what a draft says: an absent field stays, `null` clears it. */
  update(id: string, body: T.InvoicingInvoiceUpdate = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("update", id, body, options);
  }
  /** Makes the invoice count as never sent. */
  void(id: string, body: T.InvoicingInvoiceVoid, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("void", id, body, options);
  }
  /** Gives up what is open. */
  writeOff(id: string, body: T.InvoicingInvoiceWriteOff, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("write-off", id, body, options);
  }
  /** The invoice as it is sent to the customer. */
  pdf(id: string, options: Options = {}): Promise<Uint8Array> {
    return this.transport.bytes(`/v1/invoicing/invoice/${encodeURIComponent(id)}/pdf`, {}, options.waitFor);
  }
}

/** `invoicing/issuer` */
export class InvoicingIssuer extends Aggregate<T.InvoicingIssuerState> {
  /** Says who sends the invoices. */
  define(body: T.InvoicingIssuerDefine = {}, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("define", options.id, body, options);
  }
}

/** `invoicing/number-series` */
export class InvoicingNumberSeries extends Aggregate<T.InvoicingNumberSeriesState> {
  /** Says how the numbers of a series look. */
  define(body: T.InvoicingNumberSeriesDefine, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("define", options.id, body, options);
  }
  /** Takes a series out of use. */
  retire(id: string, body: T.InvoicingNumberSeriesRetire = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("retire", id, body, options);
  }
}

/** Invoices and credit notes with gapless numbers, bills, payments, customer credit, reminders. */
export class Invoicing {
  protected readonly transport: Transport;
  readonly billList: ReadModel<T.InvoicingBillListRow, T.InvoicingBillListFilter, T.InvoicingBillListColumn, T.InvoicingBillListSort>;
  readonly bill: InvoicingBill;
  readonly creditNoteList: ReadModel<T.InvoicingCreditNoteListRow, T.InvoicingCreditNoteListFilter, T.InvoicingCreditNoteListColumn, T.InvoicingCreditNoteListSort>;
  readonly creditNote: InvoicingCreditNote;
  readonly customerAccount: InvoicingCustomerAccount;
  readonly customerCredit: ReadModel<T.InvoicingCustomerCreditRow, T.InvoicingCustomerCreditFilter, T.InvoicingCustomerCreditColumn, T.InvoicingCustomerCreditSort>;
  readonly customerPayment: InvoicingCustomerPayment;
  readonly invoiceList: ReadModel<T.InvoicingInvoiceListRow, T.InvoicingInvoiceListFilter, T.InvoicingInvoiceListColumn, T.InvoicingInvoiceListSort>;
  readonly invoice: InvoicingInvoice;
  readonly issuerProfile: ReadModel<T.InvoicingIssuerProfileRow, T.InvoicingIssuerProfileFilter, T.InvoicingIssuerProfileColumn, T.InvoicingIssuerProfileSort>;
  readonly issuer: InvoicingIssuer;
  readonly movementList: ReadModel<T.InvoicingMovementListRow, T.InvoicingMovementListFilter, T.InvoicingMovementListColumn, T.InvoicingMovementListSort>;
  readonly numberSeriesList: ReadModel<T.InvoicingNumberSeriesListRow, T.InvoicingNumberSeriesListFilter, T.InvoicingNumberSeriesListColumn, T.InvoicingNumberSeriesListSort>;
  readonly numberSeries: InvoicingNumberSeries;
  readonly paymentList: ReadModel<T.InvoicingPaymentListRow, T.InvoicingPaymentListFilter, T.InvoicingPaymentListColumn, T.InvoicingPaymentListSort>;
  constructor(transport: Transport) {
    this.transport = transport;
    this.billList = new ReadModel(transport, "/v1/invoicing/bill-list");
    this.bill = new InvoicingBill(transport, "/v1/invoicing/bill");
    this.creditNoteList = new ReadModel(transport, "/v1/invoicing/credit-note-list");
    this.creditNote = new InvoicingCreditNote(transport, "/v1/invoicing/credit-note");
    this.customerAccount = new InvoicingCustomerAccount(transport, "/v1/invoicing/customer-account");
    this.customerCredit = new ReadModel(transport, "/v1/invoicing/customer-credit");
    this.customerPayment = new InvoicingCustomerPayment(transport, "/v1/invoicing/customer-payment");
    this.invoiceList = new ReadModel(transport, "/v1/invoicing/invoice-list");
    this.invoice = new InvoicingInvoice(transport, "/v1/invoicing/invoice");
    this.issuerProfile = new ReadModel(transport, "/v1/invoicing/issuer-profile");
    this.issuer = new InvoicingIssuer(transport, "/v1/invoicing/issuer");
    this.movementList = new ReadModel(transport, "/v1/invoicing/movement-list");
    this.numberSeriesList = new ReadModel(transport, "/v1/invoicing/number-series-list");
    this.numberSeries = new InvoicingNumberSeries(transport, "/v1/invoicing/number-series");
    this.paymentList = new ReadModel(transport, "/v1/invoicing/payment-list");
  }
  /** A customer's invoices, payments and credit in order, with the balance after each. */
  customerStatement(query: { customer_id: string; currency?: string; from?: Time; to?: Time }, options: Options = {}): Promise<Page<T.InvoicingCustomerStatementRow>> {
    return this.transport.page(`/v1/invoicing/customer-statement`, query, options.waitFor);
  }
  /** What is owed to suppliers, by how long it has been due; of any day. */
  payablesAgeing(query: { as_of?: Time; currency?: string; supplier_id?: string } = {}, options: Options = {}): Promise<Page<T.InvoicingPayablesAgeingRow>> {
    return this.transport.page(`/v1/invoicing/payables-ageing`, query, options.waitFor);
  }
  /** What customers owe, by how long it has been due; of any day. */
  receivablesAgeing(query: { as_of?: Time; currency?: string; customer_id?: string } = {}, options: Options = {}): Promise<Page<T.InvoicingReceivablesAgeingRow>> {
    return this.transport.page(`/v1/invoicing/receivables-ageing`, query, options.waitFor);
  }
  /** Drafts, open and overdue amounts, customers' credit and open bills by currency. */
  receivablesSummary(query: { currency?: string } = {}, options: Options = {}): Promise<Page<T.InvoicingReceivablesSummaryRow>> {
    return this.transport.page(`/v1/invoicing/receivables-summary`, query, options.waitFor);
  }
  /** Overdue invoices with what is open and how often the customer was reminded, the longest overdue first. */
  remindersDue(query: { level?: number; customer_id?: string; as_of?: Time; limit?: number } = {}, options: Options = {}): Promise<Page<T.InvoicingRemindersDueRow>> {
    return this.transport.page(`/v1/invoicing/reminders-due`, query, options.waitFor);
  }
  /** What was invoiced and credited by month and currency. */
  revenueByMonth(query: { from?: Time; to?: Time; currency?: string } = {}, options: Options = {}): Promise<Page<T.InvoicingRevenueByMonthRow>> {
    return this.transport.page(`/v1/invoicing/revenue-by-month`, query, options.waitFor);
  }
  /** Taxes charged and paid by category and rate, for tax returns. */
  taxSummary(query: { from?: Time; to?: Time; currency?: string } = {}, options: Options = {}): Promise<Page<T.InvoicingTaxSummaryRow>> {
    return this.transport.page(`/v1/invoicing/tax-summary`, query, options.waitFor);
  }
  /** A customer's statement of account: opening balance, movements, closing balance, and how long what is open has been due. */
  customerStatementPdf(id: string, query: { currency?: string; from?: Time; to?: Time } = {}, options: Options = {}): Promise<Uint8Array> {
    return this.transport.bytes(`/v1/invoicing/customer-statement/${encodeURIComponent(id)}/pdf`, query, options.waitFor);
  }
}

/** `scheduling/timer` */
export class SchedulingTimer extends Aggregate<T.SchedulingTimerState> {
  /** Sets a timer, which sends a command when its time comes. */
  schedule(body: T.SchedulingTimerSchedule, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("schedule", options.id, body, options);
  }
  /** Ends a timer for good. */
  cancel(id: string, body: T.SchedulingTimerCancel = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("cancel", id, body, options);
  }
  /** Fires what is due. */
  fire(id: string, body: T.SchedulingTimerFire = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("fire", id, body, options);
  }
  /** Lets a timer fire no more until it is resumed. */
  pause(id: string, body: T.SchedulingTimerPause = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("pause", id, body, options);
  }
  /** Gives a timer other times. */
  reschedule(id: string, body: T.SchedulingTimerReschedule, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("reschedule", id, body, options);
  }
  /** Lets a paused timer go on with the next occurrence. */
  resume(id: string, body: T.SchedulingTimerResume = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("resume", id, body, options);
  }
}

/** Timers that send a command at a point in time, or again and again by the clocks of a time zone. */
export class Scheduling {
  protected readonly transport: Transport;
  readonly firingList: ReadModel<T.SchedulingFiringListRow, T.SchedulingFiringListFilter, T.SchedulingFiringListColumn, T.SchedulingFiringListSort>;
  readonly timerList: ReadModel<T.SchedulingTimerListRow, T.SchedulingTimerListFilter, T.SchedulingTimerListColumn, T.SchedulingTimerListSort>;
  readonly timer: SchedulingTimer;
  constructor(transport: Transport) {
    this.transport = transport;
    this.firingList = new ReadModel(transport, "/v1/scheduling/firing-list");
    this.timerList = new ReadModel(transport, "/v1/scheduling/timer-list");
    this.timer = new SchedulingTimer(transport, "/v1/scheduling/timer");
  }
}

/** `webhooks/endpoint` */
export class WebhooksEndpoint extends Aggregate<T.WebhooksEndpointState> {
  /** Registers an address that is told of events. */
  register(body: T.WebhooksEndpointRegister, options: CreateOptions = {}): Promise<Receipt> {
    return this.command("register", options.id, body, options);
  }
  /** Changes what is given, and leaves the rest. */
  change(id: string, body: T.WebhooksEndpointChange = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("change", id, body, options);
  }
  /** Lets nothing be delivered until the endpoint is enabled. */
  disable(id: string, body: T.WebhooksEndpointDisable = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("disable", id, body, options);
  }
  /** Lets the endpoint be delivered to again, beginning with what happened meanwhile. */
  enable(id: string, body: T.WebhooksEndpointEnable = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("enable", id, body, options);
  }
  /** Removes the endpoint for good. */
  remove(id: string, body: T.WebhooksEndpointRemove = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("remove", id, body, options);
  }
  /** Has events delivered again: from a time on, from positions on, or single ones. */
  replay(id: string, body: T.WebhooksEndpointReplay = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("replay", id, body, options);
  }
  /** Lets a secret that was replaced sign no more. */
  revokeSecret(id: string, body: T.WebhooksEndpointRevokeSecret, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("revoke-secret", id, body, options);
  }
  /** Makes a new secret, which the answer holds this once. */
  rotateSecret(id: string, body: T.WebhooksEndpointRotateSecret = {}, options: CommandOptions = {}): Promise<Receipt> {
    return this.command("rotate-secret", id, body, options);
  }
  /** What an endpoint was told, and what it answered. */
  deliveries(id: string, query: { status?: "retrying" | "delivered" | "failed"; limit?: number; cursor?: string } = {}): Promise<{ data: { attempts: number; detail?: string | null; duration_ms: number; event_id: string; first_attempt_at: string; http_status?: number | null; last_attempt_at: string; next_attempt_at?: string | null; position: string; reason?: string | null; status: "retrying" | "delivered" | "failed"; subject: string; type: string }[]; next_cursor: string | null }> {
    return this.transport.get(`/v1/webhooks/endpoint/${encodeURIComponent(id)}/deliveries`, query);
  }
}

/** Addresses of other systems that are told of the tenant's events. */
export class Webhooks {
  protected readonly transport: Transport;
  readonly endpointList: ReadModel<T.WebhooksEndpointListRow, T.WebhooksEndpointListFilter, T.WebhooksEndpointListColumn, T.WebhooksEndpointListSort>;
  readonly endpoint: WebhooksEndpoint;
  readonly replayList: ReadModel<T.WebhooksReplayListRow, T.WebhooksReplayListFilter, T.WebhooksReplayListColumn, T.WebhooksReplayListSort>;
  constructor(transport: Transport) {
    this.transport = transport;
    this.endpointList = new ReadModel(transport, "/v1/webhooks/endpoint-list");
    this.endpoint = new WebhooksEndpoint(transport, "/v1/webhooks/endpoint");
    this.replayList = new ReadModel(transport, "/v1/webhooks/replay-list");
  }
}

/** A caller of one gateway. Every method of a context is one request; `Problem` is what the gateway refuses. */
export class Client {
  protected readonly transport: Transport;
  readonly accounting: Accounting;
  readonly analytics: Analytics;
  readonly audit: Audit;
  readonly billing: Billing;
  readonly crm: Crm;
  readonly inventory: Inventory;
  readonly invoicing: Invoicing;
  readonly scheduling: Scheduling;
  readonly webhooks: Webhooks;
  constructor(url: string, token?: string, settings: { timeoutMs?: number; tries?: number; fetch?: typeof fetch } = {}) {
    this.transport = new Transport(url, token, settings);
    this.accounting = new Accounting(this.transport);
    this.analytics = new Analytics(this.transport);
    this.audit = new Audit(this.transport);
    this.billing = new Billing(this.transport);
    this.crm = new Crm(this.transport);
    this.inventory = new Inventory(this.transport);
    this.invoicing = new Invoicing(this.transport);
    this.scheduling = new Scheduling(this.transport);
    this.webhooks = new Webhooks(this.transport);
  }
  /** Many commands; a result for each, in order. */
  bulk(commands: Iterable<BulkCommand> | AsyncIterable<BulkCommand>): AsyncGenerator<BulkResult> {
    return this.transport.bulk(commands);
  }
  /** Events as they are recorded, without end; `from: "start"` begins with the first, `after` behind an event's `cursor`. */
  events(query: EventQuery = {}): AsyncGenerator<CloudEvent> {
    return this.transport.events(query);
  }
  /** A file of the tree of schemas. */
  schemaOfContext(context: string, file: string): Promise<Uint8Array> {
    return this.transport.bytes(`/schemas/${encodeURIComponent(context)}/${encodeURIComponent(file)}`, {});
  }
  /** What the tenant's subscription to the platform says: flags, limits and words. */
  features(): Promise<{ data: { feature: string; used?: number; value: boolean | number | string }[] }> {
    return this.transport.get(`/v1/features`, {});
  }
  /** What a read model or report adds up to over time, what of it is unusual, and how it may go on. */
  series(query: { source: string; date: string; value?: string; group?: string; bucket?: "day" | "week" | "month"; from?: Time; to?: Time; season?: number; horizon?: number; level?: number; method?: "auto" | "seasonal_naive" | "exponential_smoothing"; filters?: Record<string, string> }, options: Options = {}): Promise<{ as_of: T.AsOf; bucket: "day" | "week" | "month"; season: number; series: { forecast: { date: string; high: number; low: number; value: number }[]; group: string | null; method?: "seasonal_naive" | "exponential_smoothing"; points: { date: string; score: number | null; unusual: boolean; usual: number; value: number }[] }[]; source: string }> {
    return this.transport.get(`/v1/series`, { ...query, ...query.filters, filters: undefined }, options.waitFor);
  }
}
