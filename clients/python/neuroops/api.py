"""Commands and queries by context. Written by clients/generate.py from schemas/openapi.json; changes here are lost."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Literal, Mapping, Optional, Sequence
from urllib.parse import quote

from . import types
from .core import Aggregate, BulkCommand, CommandOptions, Page, ReadModel, Receipt, Transport, WaitFor

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AccountingAccount(Aggregate["types.AccountingAccountState"]):
    """`accounting/account`"""

    def open(self, body: types.AccountingAccountOpen, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Opens an account."""
        return self._command("open", id, body, options)

    def close(self, id: str, body: Optional[types.AccountingAccountClose] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Closes an account to further postings."""
        return self._command("close", id, body, options)

    def rename(self, id: str, body: types.AccountingAccountRename, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives an account another name."""
        return self._command("rename", id, body, options)

    def reopen(self, id: str, body: Optional[types.AccountingAccountReopen] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes a closed account into use again."""
        return self._command("reopen", id, body, options)

    def set_limit(self, id: str, body: types.AccountingAccountSetLimit, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes how far the balance of a limited account may fall below zero."""
        return self._command("set-limit", id, body, options)


class AccountingChart(Aggregate["types.AccountingChartState"]):
    """`accounting/chart`"""

    def apply_template(self, body: types.AccountingChartApplyTemplate, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Opens the accounts of a template, lists them in the chart, and gives them their roles."""
        return self._command("apply-template", id, body, options)


class AccountingHold(Aggregate["types.AccountingHoldState"]):
    """`accounting/hold`"""

    def reserve(self, body: types.AccountingHoldReserve, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Reserves an amount of an account for a while."""
        return self._command("reserve", id, body, options)

    def expire(self, id: str, body: Optional[types.AccountingHoldExpire] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Releases what was reserved if its time is up."""
        return self._command("expire", id, body, options)

    def post(self, id: str, body: Optional[types.AccountingHoldPost] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Posts all or a part of what was reserved to another account, and releases the rest."""
        return self._command("post", id, body, options)

    def void(self, id: str, body: Optional[types.AccountingHoldVoid] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Releases what was reserved."""
        return self._command("void", id, body, options)


class AccountingJournalEntry(Aggregate["types.AccountingJournalEntryState"]):
    """`accounting/journal-entry`"""

    def post(self, body: types.AccountingJournalEntryPost, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Posts an entry."""
        return self._command("post", id, body, options)

    def post_journal(self, body: types.AccountingJournalEntryPostJournal, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Posts an entry whose lines are written as journals of other products write them."""
        return self._command("post-journal", id, body, options)

    def post_opening_balance(self, body: types.AccountingJournalEntryPostOpeningBalance, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Posts what an account holds when the books begin; the other side is the account that plays the role `opening_balance`."""
        return self._command("post-opening-balance", id, body, options)

    def post_pair(self, body: types.AccountingJournalEntryPostPair, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Posts an entry of one amount from one account to another."""
        return self._command("post-pair", id, body, options)

    def attach_evidence(self, id: str, body: types.AccountingJournalEntryAttachEvidence, **options: Unpack[CommandOptions]) -> Receipt:
        """Attaches a document to an entry."""
        return self._command("attach-evidence", id, body, options)

    def reverse(self, id: str, body: Optional[types.AccountingJournalEntryReverse] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Undoes an entry by a new one with the sides exchanged."""
        return self._command("reverse", id, body, options)


class AccountingPeriod(Aggregate["types.AccountingPeriodState"]):
    """`accounting/period`"""

    def open(self, body: Optional[types.AccountingPeriodOpen] = None, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Opens the calendar."""
        return self._command("open", id, body, options)

    def close_through(self, id: str, body: types.AccountingPeriodCloseThrough, **options: Unpack[CommandOptions]) -> Receipt:
        """Closes all days through this one."""
        return self._command("close-through", id, body, options)

    def reopen(self, id: str, body: types.AccountingPeriodReopen, **options: Unpack[CommandOptions]) -> Receipt:
        """Opens the days from this one on again."""
        return self._command("reopen", id, body, options)


class AccountingPostingProfile(Aggregate["types.AccountingPostingProfileState"]):
    """`accounting/posting-profile`"""

    def set_role(self, body: types.AccountingPostingProfileSetRole, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives a role to an account, for postings in the account's currency."""
        return self._command("set-role", id, body, options)


class Accounting:
    """The ledger: chart of accounts, journal, periods, holds and statements."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.account_list: ReadModel[types.AccountingAccountListRow, types.AccountingAccountListColumn, types.AccountingAccountListSort] = ReadModel(transport, "/v1/accounting/account-list")
        self.account = AccountingAccount(transport, "/v1/accounting/account")
        self.chart = AccountingChart(transport, "/v1/accounting/chart")
        self.hold_list: ReadModel[types.AccountingHoldListRow, types.AccountingHoldListColumn, types.AccountingHoldListSort] = ReadModel(transport, "/v1/accounting/hold-list")
        self.hold = AccountingHold(transport, "/v1/accounting/hold")
        self.journal_entry_list: ReadModel[types.AccountingJournalEntryListRow, types.AccountingJournalEntryListColumn, types.AccountingJournalEntryListSort] = ReadModel(transport, "/v1/accounting/journal-entry-list")
        self.journal_entry = AccountingJournalEntry(transport, "/v1/accounting/journal-entry")
        self.ledger_line_list: ReadModel[types.AccountingLedgerLineListRow, types.AccountingLedgerLineListColumn, types.AccountingLedgerLineListSort] = ReadModel(transport, "/v1/accounting/ledger-line-list")
        self.period_list: ReadModel[types.AccountingPeriodListRow, types.AccountingPeriodListColumn, types.AccountingPeriodListSort] = ReadModel(transport, "/v1/accounting/period-list")
        self.period = AccountingPeriod(transport, "/v1/accounting/period")
        self.posting_profile = AccountingPostingProfile(transport, "/v1/accounting/posting-profile")
        self.posting_role_list: ReadModel[types.AccountingPostingRoleListRow, types.AccountingPostingRoleListColumn, types.AccountingPostingRoleListSort] = ReadModel(transport, "/v1/accounting/posting-role-list")
        self.stock_check_list: ReadModel[types.AccountingStockCheckListRow, types.AccountingStockCheckListColumn, types.AccountingStockCheckListSort] = ReadModel(transport, "/v1/accounting/stock-check-list")
        self.subledger_check_list: ReadModel[types.AccountingSubledgerCheckListRow, types.AccountingSubledgerCheckListColumn, types.AccountingSubledgerCheckListSort] = ReadModel(transport, "/v1/accounting/subledger-check-list")

    def account_balance(self, *, account: str, as_of: Optional[Any] = None, position: Optional[int] = None, wait_for: WaitFor = None) -> Page[types.AccountingAccountBalanceRow]:
        """What one account holds, as of a day, a booking position, both, or now."""
        return self._transport.page("/v1/accounting/account-balance", {"as_of": as_of, "position": position, "account": account}, wait_for=wait_for)

    def aged_payables(self, *, as_of: Optional[Any] = None, currency: Optional[str] = None, party: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AccountingAgedPayablesRow]:
        """What each supplier is owed, by how many days the bills are old."""
        return self._transport.page("/v1/accounting/aged-payables", {"as_of": as_of, "currency": currency, "party": party}, wait_for=wait_for)

    def aged_receivables(self, *, as_of: Optional[Any] = None, currency: Optional[str] = None, party: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AccountingAgedReceivablesRow]:
        """What each customer owes, by how many days the invoices are old."""
        return self._transport.page("/v1/accounting/aged-receivables", {"as_of": as_of, "currency": currency, "party": party}, wait_for=wait_for)

    def balance_sheet(self, *, as_of: Optional[Any] = None, currency: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AccountingBalanceSheetRow]:
        """What the company owns and owes on a day, with the result of the business year so far and of earlier years."""
        return self._transport.page("/v1/accounting/balance-sheet", {"as_of": as_of, "currency": currency}, wait_for=wait_for)

    def consistency(self, *, minutes: Optional[int] = None, wait_for: WaitFor = None) -> Page[types.AccountingConsistencyRow]:
        """What must agree and whether it does: debits and credits, balances and entries, parties and control accounts, stock and ledger, documents and ledger."""
        return self._transport.page("/v1/accounting/consistency", {"minutes": minutes}, wait_for=wait_for)

    def general_ledger(self, *, account: str, from_: Optional[Any] = None, to: Optional[Any] = None, after: Optional[str] = None, limit: Optional[int] = None, wait_for: WaitFor = None) -> Page[types.AccountingGeneralLedgerRow]:
        """The lines of one account in the order of their days, each with the balance after it."""
        return self._transport.page("/v1/accounting/general-ledger", {"account": account, "from": from_, "to": to, "after": after, "limit": limit}, wait_for=wait_for)

    def open_items(self, *, as_of: Optional[Any] = None, currency: Optional[str] = None, party: Optional[str] = None, control: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AccountingOpenItemsRow]:
        """Invoices or bills that are not paid, with what is left of each."""
        return self._transport.page("/v1/accounting/open-items", {"as_of": as_of, "currency": currency, "party": party, "control": control}, wait_for=wait_for)

    def profit_and_loss(self, *, from_: Optional[Any] = None, to: Optional[Any] = None, currency: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AccountingProfitAndLossRow]:
        """What was earned and spent from one day to another."""
        return self._transport.page("/v1/accounting/profit-and-loss", {"from": from_, "to": to, "currency": currency}, wait_for=wait_for)

    def statement_of_account(self, *, party: str, from_: Optional[Any] = None, to: Optional[Any] = None, account: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AccountingStatementOfAccountRow]:
        """What happened between the tenant and one customer or supplier."""
        return self._transport.page("/v1/accounting/statement-of-account", {"party": party, "from": from_, "to": to, "account": account}, wait_for=wait_for)

    def trial_balance(self, *, as_of: Optional[Any] = None, position: Optional[int] = None, currency: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AccountingTrialBalanceRow]:
        """What every account holds, as of a day, a booking position, both, or now."""
        return self._transport.page("/v1/accounting/trial-balance", {"as_of": as_of, "position": position, "currency": currency}, wait_for=wait_for)


class AnalyticsExport(Aggregate["types.AnalyticsExportState"]):
    """`analytics/export`"""

    def request(self, body: types.AnalyticsExportRequest, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Requests an export."""
        return self._command("request", id, body, options)

    def cancel(self, id: str, body: Optional[types.AnalyticsExportCancel] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives up an export that is not complete yet."""
        return self._command("cancel", id, body, options)

    def complete(self, id: str, body: types.AnalyticsExportComplete, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that the files are written."""
        return self._command("complete", id, body, options)

    def expire(self, id: str, body: Optional[types.AnalyticsExportExpire] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Lets the files go once their time is over; earlier, nothing happens."""
        return self._command("expire", id, body, options)

    def fail(self, id: str, body: types.AnalyticsExportFail, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that the export cannot be made."""
        return self._command("fail", id, body, options)

    def files(self, id: str, *, wait_for: WaitFor = None) -> types.AnalyticsExportFilesAnswer:
        """How far an export is, and its files once it is complete."""
        return self._transport.get(f"/v1/analytics/export/{quote(id, safe='')}/files", {}, wait_for=wait_for)  # type: ignore[no-any-return]

    def file(self, id: str, file: str, *, wait_for: WaitFor = None) -> bytes:
        """A file of an export."""
        return self._transport.get_bytes(f"/v1/analytics/export/{quote(id, safe='')}/files/{quote(file, safe='')}", {}, wait_for=wait_for)


class AnalyticsQuery(Aggregate["types.AnalyticsQueryState"]):
    """`analytics/query`"""

    def save(self, body: types.AnalyticsQuerySave, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Saves a query."""
        return self._command("save", id, body, options)

    def delete(self, id: str, body: Optional[types.AnalyticsQueryDelete] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Deletes a query; its name is free again."""
        return self._command("delete", id, body, options)

    def hand_over(self, id: str, body: types.AnalyticsQueryHandOver, **options: Unpack[CommandOptions]) -> Receipt:
        """Makes a query somebody else's."""
        return self._command("hand-over", id, body, options)

    def revise(self, id: str, body: types.AnalyticsQueryRevise, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives a query another definition, all of it."""
        return self._command("revise", id, body, options)

    def run_due(self, id: str, body: Optional[types.AnalyticsQueryRunDue] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Runs a query whose time has come."""
        return self._command("run-due", id, body, options)

    def schedule(self, id: str, body: types.AnalyticsQuerySchedule, **options: Unpack[CommandOptions]) -> Receipt:
        """Says when a query runs by itself."""
        return self._command("schedule", id, body, options)

    def share(self, id: str, body: types.AnalyticsQueryShare, **options: Unpack[CommandOptions]) -> Receipt:
        """Lets roles run a query; those that are not named no longer may."""
        return self._command("share", id, body, options)

    def unschedule(self, id: str, body: Optional[types.AnalyticsQueryUnschedule] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Keeps a query from running by itself."""
        return self._command("unschedule", id, body, options)

    def run(self, id: str, *, parameters: Optional[Mapping[str, Any]] = None, wait_for: WaitFor = None) -> types.AnalyticsQueryRunAnswer:
        """Asks a saved query."""
        return self._transport.get(f"/v1/analytics/query/{quote(id, safe='')}/run", {**(parameters or {})}, wait_for=wait_for)  # type: ignore[no-any-return]


class Analytics:
    """Saved queries over the read models and reports of all contexts, and exports of them as files."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.export_list: ReadModel[types.AnalyticsExportListRow, types.AnalyticsExportListColumn, types.AnalyticsExportListSort] = ReadModel(transport, "/v1/analytics/export-list")
        self.export = AnalyticsExport(transport, "/v1/analytics/export")
        self.query_list: ReadModel[types.AnalyticsQueryListRow, types.AnalyticsQueryListColumn, types.AnalyticsQueryListSort] = ReadModel(transport, "/v1/analytics/query-list")
        self.query = AnalyticsQuery(transport, "/v1/analytics/query")
        self.sale_list: ReadModel[types.AnalyticsSaleListRow, types.AnalyticsSaleListColumn, types.AnalyticsSaleListSort] = ReadModel(transport, "/v1/analytics/sale-list")

    def cash(self, *, currency: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, bucket: Optional[Literal['day', 'week', 'month']] = None, account: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AnalyticsCashRow]:
        """What is on each cash and bank account by day, week or month, and what came and went."""
        return self._transport.page("/v1/analytics/cash", {"currency": currency, "from": from_, "to": to, "bucket": bucket, "account": account}, wait_for=wait_for)

    def overview(self, *, currency: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, wait_for: WaitFor = None) -> Page[types.AnalyticsOverviewRow]:
        """The key figures of a period, by currency, beside those of as many days before it."""
        return self._transport.page("/v1/analytics/overview", {"currency": currency, "from": from_, "to": to}, wait_for=wait_for)

    def payables(self, *, as_of: Optional[Any] = None, currency: Optional[str] = None, supplier_id: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AnalyticsPayablesRow]:
        """What is owed to suppliers, by how long it has been due; of any day."""
        return self._transport.page("/v1/analytics/payables", {"as_of": as_of, "currency": currency, "supplier_id": supplier_id}, wait_for=wait_for)

    def pipeline(self, *, pipeline_id: Optional[str] = None, owner: Optional[str] = None, currency: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AnalyticsPipelineRow]:
        """Open deals by stage and by the month in which they are expected, stages without deals included."""
        return self._transport.page("/v1/analytics/pipeline", {"pipeline_id": pipeline_id, "owner": owner, "currency": currency}, wait_for=wait_for)

    def projection_lag(self, *, context: Optional[str] = None, least: Optional[int] = None, wait_for: WaitFor = None) -> Page[types.AnalyticsProjectionLagRow]:
        """How far each projection is behind the log, and what it could not apply."""
        return self._transport.page("/v1/analytics/projection-lag", {"context": context, "least": least}, wait_for=wait_for)

    def receivables(self, *, as_of: Optional[Any] = None, currency: Optional[str] = None, customer_id: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AnalyticsReceivablesRow]:
        """What customers owe, by how long it has been due; of any day."""
        return self._transport.page("/v1/analytics/receivables", {"as_of": as_of, "currency": currency, "customer_id": customer_id}, wait_for=wait_for)

    def recurring_revenue(self, *, currency: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, bucket: Optional[Literal['day', 'week', 'month']] = None, wait_for: WaitFor = None) -> Page[types.AnalyticsRecurringRevenueRow]:
        """Monthly recurring revenue by day, week or month: opening, new, expansion, contraction, churn, closing."""
        return self._transport.page("/v1/analytics/recurring-revenue", {"currency": currency, "from": from_, "to": to, "bucket": bucket}, wait_for=wait_for)

    def revenue(self, *, currency: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, bucket: Optional[Literal['day', 'week', 'month']] = None, customer_id: Optional[str] = None, product: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.AnalyticsRevenueRow]:
        """What was invoiced and credited by day, week or month; of everybody, of one customer, of one product."""
        return self._transport.page("/v1/analytics/revenue", {"currency": currency, "from": from_, "to": to, "bucket": bucket, "customer_id": customer_id, "product": product}, wait_for=wait_for)

    def stock_cover(self, *, days: Optional[int] = None, product_id: Optional[str] = None, warehouse_id: Optional[str] = None, below: Optional[int] = None, limit: Optional[int] = None, wait_for: WaitFor = None) -> Page[types.AnalyticsStockCoverRow]:
        """How long the stock lasts and what it is worth, the scarcest first."""
        return self._transport.page("/v1/analytics/stock-cover", {"days": days, "product_id": product_id, "warehouse_id": warehouse_id, "below": below, "limit": limit}, wait_for=wait_for)

    def top_customers(self, *, currency: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, limit: Optional[int] = None, wait_for: WaitFor = None) -> Page[types.AnalyticsTopCustomersRow]:
        """The customers who brought most in a period, by currency."""
        return self._transport.page("/v1/analytics/top-customers", {"currency": currency, "from": from_, "to": to, "limit": limit}, wait_for=wait_for)

    def top_products(self, *, currency: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, limit: Optional[int] = None, wait_for: WaitFor = None) -> Page[types.AnalyticsTopProductsRow]:
        """The products that brought most in a period, by currency, with what the shipped pieces had cost."""
        return self._transport.page("/v1/analytics/top-products", {"currency": currency, "from": from_, "to": to, "limit": limit}, wait_for=wait_for)


class Audit:
    """Signed checkpoints of the tenant's history, and proofs."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def checkpoint(self, *, size: Optional[int] = None) -> types.AuditCheckpointAnswer:
        """The signed state of the tenant's history."""
        return self._transport.get("/v1/audit/checkpoint", {"size": size})  # type: ignore[no-any-return]

    def consistency(self, *, from_: int, to: Optional[int] = None) -> types.AuditConsistencyAnswer:
        """The proof that the history only grew."""
        return self._transport.get("/v1/audit/consistency", {"from": from_, "to": to})  # type: ignore[no-any-return]

    def event_proof(self, id: str, *, size: Optional[int] = None) -> types.AuditEventProofAnswer:
        """The proof that an event is in the history."""
        return self._transport.get(f"/v1/audit/events/{quote(id, safe='')}/proof", {"size": size})  # type: ignore[no-any-return]

    def keys(self) -> types.AuditKeysAnswer:
        """The public keys that sign checkpoints or have signed them."""
        return self._transport.get("/v1/audit/keys", {})  # type: ignore[no-any-return]


class BillingCheckout(Aggregate["types.BillingCheckoutState"]):
    """`billing/checkout`"""

    def open(self, body: types.BillingCheckoutOpen, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Asks the payment provider for a page."""
        return self._command("open", id, body, options)

    def complete(self, id: str, body: Optional[types.BillingCheckoutComplete] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that the customer has bought."""
        return self._command("complete", id, body, options)

    def fail(self, id: str, body: types.BillingCheckoutFail, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that the page is gone, or never came."""
        return self._command("fail", id, body, options)

    def ready(self, id: str, body: types.BillingCheckoutReady, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that the page is there."""
        return self._command("ready", id, body, options)


class BillingCustomer(Aggregate["types.BillingCustomerState"]):
    """`billing/customer`"""

    def register(self, body: types.BillingCustomerRegister, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Registers a customer, under the id that the CRM has for the contact or company."""
        return self._command("register", id, body, options)

    def erase(self, id: str, body: types.BillingCustomerErase, **options: Unpack[CommandOptions]) -> Receipt:
        """Erases what is personal, here and at the payment providers."""
        return self._command("erase", id, body, options)

    def link(self, id: str, body: types.BillingCustomerLink, **options: Unpack[CommandOptions]) -> Receipt:
        """Says under which id a payment provider knows the customer."""
        return self._command("link", id, body, options)

    def unlink(self, id: str, body: types.BillingCustomerUnlink, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that a payment provider knows the customer no more."""
        return self._command("unlink", id, body, options)

    def update(self, id: str, body: Optional[types.BillingCustomerUpdate] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes facts about a customer: an absent field stays, `null` clears it."""
        return self._command("update", id, body, options)


class BillingDunningPolicy(Aggregate["types.BillingDunningPolicyState"]):
    """`billing/dunning-policy`"""

    def define(self, body: types.BillingDunningPolicyDefine, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Defines how unpaid amounts are asked for again."""
        return self._command("define", id, body, options)


class BillingPayment(Aggregate["types.BillingPaymentState"]):
    """`billing/payment`"""

    def request(self, body: types.BillingPaymentRequest, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Asks for a payment."""
        return self._command("request", id, body, options)

    def adjust(self, id: str, body: types.BillingPaymentAdjust, **options: Unpack[CommandOptions]) -> Receipt:
        """Says what is still owed of it, because the invoice was paid or credited in part, or is owed again."""
        return self._command("adjust", id, body, options)

    def authorize(self, id: str, body: types.BillingPaymentAuthorize, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that an amount is held for us."""
        return self._command("authorize", id, body, options)

    def capture(self, id: str, body: Optional[types.BillingPaymentCapture] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that the money is ours: the provider tells, or somebody saw it on the bank account."""
        return self._command("capture", id, body, options)

    def close_chargeback(self, id: str, body: types.BillingPaymentCloseChargeback, **options: Unpack[CommandOptions]) -> Receipt:
        """Says how a dispute ended."""
        return self._command("close-chargeback", id, body, options)

    def complete_refund(self, id: str, body: types.BillingPaymentCompleteRefund, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that money was given back."""
        return self._command("complete-refund", id, body, options)

    def dun(self, id: str, body: Optional[types.BillingPaymentDun] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes the next step of dunning."""
        return self._command("dun", id, body, options)

    def fail(self, id: str, body: types.BillingPaymentFail, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that an attempt to collect the amount failed."""
        return self._command("fail", id, body, options)

    def fail_refund(self, id: str, body: types.BillingPaymentFailRefund, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that money could not be given back."""
        return self._command("fail-refund", id, body, options)

    def open_chargeback(self, id: str, body: types.BillingPaymentOpenChargeback, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that the payer's bank demands the money back."""
        return self._command("open-chargeback", id, body, options)

    def refund(self, id: str, body: types.BillingPaymentRefund, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives money back."""
        return self._command("refund", id, body, options)

    def request_capture(self, id: str, body: Optional[types.BillingPaymentRequestCapture] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Asks the provider to capture what it holds."""
        return self._command("request-capture", id, body, options)

    def require_action(self, id: str, body: types.BillingPaymentRequireAction, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that the payer must do something."""
        return self._command("require-action", id, body, options)

    def void(self, id: str, body: Optional[types.BillingPaymentVoid] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Calls the payment off."""
        return self._command("void", id, body, options)


class BillingPlan(Aggregate["types.BillingPlanState"]):
    """`billing/plan`"""

    def publish(self, body: types.BillingPlanPublish, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Publishes a version of a plan."""
        return self._command("publish", id, body, options)

    def link(self, id: str, body: types.BillingPlanLink, **options: Unpack[CommandOptions]) -> Receipt:
        """Names the price of the newest version at the payment provider."""
        return self._command("link", id, body, options)

    def retire(self, id: str, body: Optional[types.BillingPlanRetire] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes a plan from sale."""
        return self._command("retire", id, body, options)


class BillingReconciliation(Aggregate["types.BillingReconciliationState"]):
    """`billing/reconciliation`"""

    def record(self, body: types.BillingReconciliationRecord, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Records a comparison with the payment provider."""
        return self._command("record", id, body, options)


class BillingSubscription(Aggregate["types.BillingSubscriptionState"]):
    """`billing/subscription`"""

    def start(self, body: types.BillingSubscriptionStart, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Starts a subscription."""
        return self._command("start", id, body, options)

    def sync(self, body: types.BillingSubscriptionSync, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Tells how a subscription stands that the payment provider bills."""
        return self._command("sync", id, body, options)

    def take_over(self, body: types.BillingSubscriptionTakeOver, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes over a subscription that was sold and billed elsewhere, with its past."""
        return self._command("take-over", id, body, options)

    def bill_period(self, id: str, body: Optional[types.BillingSubscriptionBillPeriod] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Bills the period that is over."""
        return self._command("bill-period", id, body, options)

    def cancel(self, id: str, body: Optional[types.BillingSubscriptionCancel] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Cancels."""
        return self._command("cancel", id, body, options)

    def change_plan(self, id: str, body: Optional[types.BillingSubscriptionChangePlan] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes plan, version or quantity."""
        return self._command("change-plan", id, body, options)

    def expire(self, id: str, body: Optional[types.BillingSubscriptionExpire] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Ends a subscription whose payment is overdue, without a further bill."""
        return self._command("expire", id, body, options)

    def override_entitlement(self, id: str, body: types.BillingSubscriptionOverrideEntitlement, **options: Unpack[CommandOptions]) -> Receipt:
        """Grants a feature differently from the plan."""
        return self._command("override-entitlement", id, body, options)

    def resume(self, id: str, body: Optional[types.BillingSubscriptionResume] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes back a cancellation that has not happened yet."""
        return self._command("resume", id, body, options)


class BillingUsage(Aggregate["types.BillingUsageState"]):
    """`billing/usage`"""

    def record(self, body: types.BillingUsageRecord, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Records usage of the subscription with this id: 1 to 1,000 records, each of which counts once."""
        return self._command("record", id, body, options)


class Billing:
    """Plans, subscriptions, usage, entitlements, payments and dunning."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.bill_list: ReadModel[types.BillingBillListRow, types.BillingBillListColumn, types.BillingBillListSort] = ReadModel(transport, "/v1/billing/bill-list")
        self.checkout_list: ReadModel[types.BillingCheckoutListRow, types.BillingCheckoutListColumn, types.BillingCheckoutListSort] = ReadModel(transport, "/v1/billing/checkout-list")
        self.checkout = BillingCheckout(transport, "/v1/billing/checkout")
        self.customer_list: ReadModel[types.BillingCustomerListRow, types.BillingCustomerListColumn, types.BillingCustomerListSort] = ReadModel(transport, "/v1/billing/customer-list")
        self.customer = BillingCustomer(transport, "/v1/billing/customer")
        self.drift_list: ReadModel[types.BillingDriftListRow, types.BillingDriftListColumn, types.BillingDriftListSort] = ReadModel(transport, "/v1/billing/drift-list")
        self.dunning_policy = BillingDunningPolicy(transport, "/v1/billing/dunning-policy")
        self.mrr_movement: ReadModel[types.BillingMrrMovementRow, types.BillingMrrMovementColumn, types.BillingMrrMovementSort] = ReadModel(transport, "/v1/billing/mrr-movement")
        self.payment_list: ReadModel[types.BillingPaymentListRow, types.BillingPaymentListColumn, types.BillingPaymentListSort] = ReadModel(transport, "/v1/billing/payment-list")
        self.payment = BillingPayment(transport, "/v1/billing/payment")
        self.plan_list: ReadModel[types.BillingPlanListRow, types.BillingPlanListColumn, types.BillingPlanListSort] = ReadModel(transport, "/v1/billing/plan-list")
        self.plan = BillingPlan(transport, "/v1/billing/plan")
        self.reconciliation_list: ReadModel[types.BillingReconciliationListRow, types.BillingReconciliationListColumn, types.BillingReconciliationListSort] = ReadModel(transport, "/v1/billing/reconciliation-list")
        self.reconciliation = BillingReconciliation(transport, "/v1/billing/reconciliation")
        self.subscription_list: ReadModel[types.BillingSubscriptionListRow, types.BillingSubscriptionListColumn, types.BillingSubscriptionListSort] = ReadModel(transport, "/v1/billing/subscription-list")
        self.subscription = BillingSubscription(transport, "/v1/billing/subscription")
        self.usage_list: ReadModel[types.BillingUsageListRow, types.BillingUsageListColumn, types.BillingUsageListSort] = ReadModel(transport, "/v1/billing/usage-list")
        self.usage = BillingUsage(transport, "/v1/billing/usage")

    def arr(self, *, currency: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.BillingArrRow]:
        """Annual recurring revenue by plan, from the subscriptions that are under way."""
        return self._transport.page("/v1/billing/arr", {"currency": currency}, wait_for=wait_for)

    def churn(self, *, currency: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, wait_for: WaitFor = None) -> Page[types.BillingChurnRow]:
        """Churn by month: subscriptions and revenue lost, of those that were there when the month began."""
        return self._transport.page("/v1/billing/churn", {"currency": currency, "from": from_, "to": to}, wait_for=wait_for)

    def current_usage(self, *, subscription_id: Optional[str] = None, customer_id: Optional[str] = None, metric: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.BillingCurrentUsageRow]:
        """What was used and is not billed yet."""
        return self._transport.page("/v1/billing/current-usage", {"subscription_id": subscription_id, "customer_id": customer_id, "metric": metric}, wait_for=wait_for)

    def entitlements(self, *, subscription_id: Optional[str] = None, customer_id: Optional[str] = None, feature: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.BillingEntitlementsRow]:
        """What subscriptions entitle to now: the plan's features, overrides, and whether they are granted."""
        return self._transport.page("/v1/billing/entitlements", {"subscription_id": subscription_id, "customer_id": customer_id, "feature": feature}, wait_for=wait_for)

    def mrr(self, *, currency: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, wait_for: WaitFor = None) -> Page[types.BillingMrrRow]:
        """Monthly recurring revenue by month: opening, new, expansion, contraction, churn, closing."""
        return self._transport.page("/v1/billing/mrr", {"currency": currency, "from": from_, "to": to}, wait_for=wait_for)

    def overdue(self, *, currency: Optional[str] = None, customer_id: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.BillingOverdueRow]:
        """What is overdue, by how many days."""
        return self._transport.page("/v1/billing/overdue", {"currency": currency, "customer_id": customer_id}, wait_for=wait_for)

    def reconciliation_drift(self, *, reconciliation_id: Optional[str] = None, open: Optional[bool] = None, wait_for: WaitFor = None) -> Page[types.BillingReconciliationDriftRow]:
        """Differences between what we have and what the payment provider has, as the last comparison found them."""
        return self._transport.page("/v1/billing/reconciliation-drift", {"reconciliation_id": reconciliation_id, "open": open}, wait_for=wait_for)


class CrmActivity(Aggregate["types.CrmActivityState"]):
    """`crm/activity`"""

    def schedule(self, body: types.CrmActivitySchedule, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Plans an activity."""
        return self._command("schedule", id, body, options)

    def cancel(self, id: str, body: Optional[types.CrmActivityCancel] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Calls a planned activity off."""
        return self._command("cancel", id, body, options)

    def complete(self, id: str, body: Optional[types.CrmActivityComplete] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that an activity was done."""
        return self._command("complete", id, body, options)

    def reassign(self, id: str, body: types.CrmActivityReassign, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives a planned activity to someone else."""
        return self._command("reassign", id, body, options)

    def reschedule(self, id: str, body: types.CrmActivityReschedule, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives a planned activity another time."""
        return self._command("reschedule", id, body, options)


class CrmCompany(Aggregate["types.CrmCompanyState"]):
    """`crm/company`"""

    def register(self, body: types.CrmCompanyRegister, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Registers a company."""
        return self._command("register", id, body, options)

    def erase(self, id: str, body: types.CrmCompanyErase, **options: Unpack[CommandOptions]) -> Receipt:
        """Erases the company's data, for instance those of a sole trader who asks for it, in this company and in all that were ever merged into it."""
        return self._command("erase", id, body, options)

    def link(self, id: str, body: types.CrmCompanyLink, **options: Unpack[CommandOptions]) -> Receipt:
        """Makes the company belong to a parent company."""
        return self._command("link", id, body, options)

    def merge(self, id: str, body: types.CrmCompanyMerge, **options: Unpack[CommandOptions]) -> Receipt:
        """Merges other companies into this one, the survivor."""
        return self._command("merge", id, body, options)

    def unlink(self, id: str, body: Optional[types.CrmCompanyUnlink] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes the company out of its parent company."""
        return self._command("unlink", id, body, options)

    def update(self, id: str, body: Optional[types.CrmCompanyUpdate] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes facts about a company: an absent field stays, `null` clears it."""
        return self._command("update", id, body, options)


class CrmContact(Aggregate["types.CrmContactState"]):
    """`crm/contact`"""

    def register(self, body: Optional[types.CrmContactRegister] = None, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Registers a contact."""
        return self._command("register", id, body, options)

    def erase(self, id: str, body: types.CrmContactErase, **options: Unpack[CommandOptions]) -> Receipt:
        """Erases the person's data, in this contact and in all that were ever merged into it."""
        return self._command("erase", id, body, options)

    def link(self, id: str, body: types.CrmContactLink, **options: Unpack[CommandOptions]) -> Receipt:
        """Makes the contact belong to a company."""
        return self._command("link", id, body, options)

    def merge(self, id: str, body: types.CrmContactMerge, **options: Unpack[CommandOptions]) -> Receipt:
        """Merges other contacts into this one, the survivor."""
        return self._command("merge", id, body, options)

    def unlink(self, id: str, body: Optional[types.CrmContactUnlink] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes the contact out of its company."""
        return self._command("unlink", id, body, options)

    def update(self, id: str, body: Optional[types.CrmContactUpdate] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes facts about a contact: an absent field stays, `null` clears it."""
        return self._command("update", id, body, options)


class CrmCustomField(Aggregate["types.CrmCustomFieldState"]):
    """`crm/custom-field`"""

    def define(self, body: types.CrmCustomFieldDefine, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Defines a custom field."""
        return self._command("define", id, body, options)

    def retire(self, id: str, body: Optional[types.CrmCustomFieldRetire] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Retires a field: it takes no new values."""
        return self._command("retire", id, body, options)

    def update(self, id: str, body: Optional[types.CrmCustomFieldUpdate] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes the label or the options of a field."""
        return self._command("update", id, body, options)


class CrmDeal(Aggregate["types.CrmDealState"]):
    """`crm/deal`"""

    def open(self, body: types.CrmDealOpen, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Opens a deal."""
        return self._command("open", id, body, options)

    def lose(self, id: str, body: types.CrmDealLose, **options: Unpack[CommandOptions]) -> Receipt:
        """Loses an open deal."""
        return self._command("lose", id, body, options)

    def move_stage(self, id: str, body: types.CrmDealMoveStage, **options: Unpack[CommandOptions]) -> Receipt:
        """Moves an open deal to another open stage, of another pipeline if one is named."""
        return self._command("move-stage", id, body, options)

    def reopen(self, id: str, body: Optional[types.CrmDealReopen] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Opens a closed deal again, in its last open stage."""
        return self._command("reopen", id, body, options)

    def set_amount(self, id: str, body: Optional[types.CrmDealSetAmount] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Says what an open deal is worth."""
        return self._command("set-amount", id, body, options)

    def update(self, id: str, body: Optional[types.CrmDealUpdate] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes facts about a deal, open or closed: an absent field stays, `null` clears it."""
        return self._command("update", id, body, options)

    def win(self, id: str, body: Optional[types.CrmDealWin] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Wins an open deal."""
        return self._command("win", id, body, options)


class CrmLead(Aggregate["types.CrmLeadState"]):
    """`crm/lead`"""

    def capture(self, body: Optional[types.CrmLeadCapture] = None, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Captures a lead."""
        return self._command("capture", id, body, options)

    def assign(self, id: str, body: types.CrmLeadAssign, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives the lead to someone to work on."""
        return self._command("assign", id, body, options)

    def convert(self, id: str, body: Optional[types.CrmLeadConvert] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Converts a qualified lead: links or makes the contact, if asked for the company, and if asked opens a deal."""
        return self._command("convert", id, body, options)

    def disqualify(self, id: str, body: types.CrmLeadDisqualify, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives the lead up."""
        return self._command("disqualify", id, body, options)

    def erase(self, id: str, body: types.CrmLeadErase, **options: Unpack[CommandOptions]) -> Receipt:
        """Erases the person's data."""
        return self._command("erase", id, body, options)

    def qualify(self, id: str, body: Optional[types.CrmLeadQualify] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that a lead in work is worth a sales effort."""
        return self._command("qualify", id, body, options)

    def recycle(self, id: str, body: types.CrmLeadRecycle, **options: Unpack[CommandOptions]) -> Receipt:
        """Puts the lead back until the time is right."""
        return self._command("recycle", id, body, options)

    def update(self, id: str, body: Optional[types.CrmLeadUpdate] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes facts about a lead that is not converted: an absent field stays, `null` clears it."""
        return self._command("update", id, body, options)


class CrmPipeline(Aggregate["types.CrmPipelineState"]):
    """`crm/pipeline`"""

    def define(self, body: types.CrmPipelineDefine, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Defines a pipeline."""
        return self._command("define", id, body, options)

    def add_stage(self, id: str, body: types.CrmPipelineAddStage, **options: Unpack[CommandOptions]) -> Receipt:
        """Adds a stage."""
        return self._command("add-stage", id, body, options)

    def change_stage(self, id: str, body: types.CrmPipelineChangeStage, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes the name or the probability of a stage."""
        return self._command("change-stage", id, body, options)

    def rename(self, id: str, body: types.CrmPipelineRename, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives a pipeline another name."""
        return self._command("rename", id, body, options)

    def reorder_stages(self, id: str, body: types.CrmPipelineReorderStages, **options: Unpack[CommandOptions]) -> Receipt:
        """Puts the stages in another order."""
        return self._command("reorder-stages", id, body, options)

    def retire_stage(self, id: str, body: types.CrmPipelineRetireStage, **options: Unpack[CommandOptions]) -> Receipt:
        """Closes a stage to further deals."""
        return self._command("retire-stage", id, body, options)


class Crm:
    """Contacts, companies, leads, deals and activities, from the first inquiry to the sale."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.activity_timeline: ReadModel[types.CrmActivityTimelineRow, types.CrmActivityTimelineColumn, types.CrmActivityTimelineSort] = ReadModel(transport, "/v1/crm/activity-timeline")
        self.activity = CrmActivity(transport, "/v1/crm/activity")
        self.company_list: ReadModel[types.CrmCompanyListRow, types.CrmCompanyListColumn, types.CrmCompanyListSort] = ReadModel(transport, "/v1/crm/company-list")
        self.company = CrmCompany(transport, "/v1/crm/company")
        self.contact_list: ReadModel[types.CrmContactListRow, types.CrmContactListColumn, types.CrmContactListSort] = ReadModel(transport, "/v1/crm/contact-list")
        self.contact = CrmContact(transport, "/v1/crm/contact")
        self.custom_field_list: ReadModel[types.CrmCustomFieldListRow, types.CrmCustomFieldListColumn, types.CrmCustomFieldListSort] = ReadModel(transport, "/v1/crm/custom-field-list")
        self.custom_field = CrmCustomField(transport, "/v1/crm/custom-field")
        self.deal_list: ReadModel[types.CrmDealListRow, types.CrmDealListColumn, types.CrmDealListSort] = ReadModel(transport, "/v1/crm/deal-list")
        self.deal_stage_history: ReadModel[types.CrmDealStageHistoryRow, types.CrmDealStageHistoryColumn, types.CrmDealStageHistorySort] = ReadModel(transport, "/v1/crm/deal-stage-history")
        self.deal = CrmDeal(transport, "/v1/crm/deal")
        self.lead_list: ReadModel[types.CrmLeadListRow, types.CrmLeadListColumn, types.CrmLeadListSort] = ReadModel(transport, "/v1/crm/lead-list")
        self.lead = CrmLead(transport, "/v1/crm/lead")
        self.pipeline_list: ReadModel[types.CrmPipelineListRow, types.CrmPipelineListColumn, types.CrmPipelineListSort] = ReadModel(transport, "/v1/crm/pipeline-list")
        self.pipeline = CrmPipeline(transport, "/v1/crm/pipeline")

    def company_360(self, *, id: str, wait_for: WaitFor = None) -> Page[types.CrmCompany360Row]:
        """All about one company: people, open deals, totals, what was done and what comes next."""
        return self._transport.page("/v1/crm/company-360", {"id": id}, wait_for=wait_for)

    def company_duplicates(self, *, limit: Optional[int] = None, reason: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.CrmCompanyDuplicatesRow]:
        """Companies that may be the same: same web domain or same name."""
        return self._transport.page("/v1/crm/company-duplicates", {"limit": limit, "reason": reason}, wait_for=wait_for)

    def contact_360(self, *, id: str, wait_for: WaitFor = None) -> Page[types.CrmContact360Row]:
        """All about one contact: company, deals, totals, what was done and what comes next."""
        return self._transport.page("/v1/crm/contact-360", {"id": id}, wait_for=wait_for)

    def duplicates(self, *, limit: Optional[int] = None, reason: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.CrmDuplicatesRow]:
        """Contacts that may be the same person: same email address, same phone number, or same full name at the same company."""
        return self._transport.page("/v1/crm/duplicates", {"limit": limit, "reason": reason}, wait_for=wait_for)

    def forecast(self, *, pipeline_id: Optional[str] = None, owner: Optional[str] = None, currency: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, wait_for: WaitFor = None) -> Page[types.CrmForecastRow]:
        """What open deals may bring by the month in which they are expected, and what won deals brought."""
        return self._transport.page("/v1/crm/forecast", {"pipeline_id": pipeline_id, "owner": owner, "currency": currency, "from": from_, "to": to}, wait_for=wait_for)

    def loss_reasons(self, *, pipeline_id: Optional[str] = None, owner: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, wait_for: WaitFor = None) -> Page[types.CrmLossReasonsRow]:
        """Why deals were lost, and to whom."""
        return self._transport.page("/v1/crm/loss-reasons", {"pipeline_id": pipeline_id, "owner": owner, "from": from_, "to": to}, wait_for=wait_for)

    def pipeline_by_stage(self, *, pipeline_id: Optional[str] = None, owner: Optional[str] = None, currency: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.CrmPipelineByStageRow]:
        """Open deals by pipeline, stage and currency, stages without deals included."""
        return self._transport.page("/v1/crm/pipeline-by-stage", {"pipeline_id": pipeline_id, "owner": owner, "currency": currency}, wait_for=wait_for)

    def stage_ageing(self, *, pipeline_id: Optional[str] = None, owner: Optional[str] = None, as_of: Optional[Any] = None, wait_for: WaitFor = None) -> Page[types.CrmStageAgeingRow]:
        """Open deals by how many days they have been in their stage."""
        return self._transport.page("/v1/crm/stage-ageing", {"pipeline_id": pipeline_id, "owner": owner, "as_of": as_of}, wait_for=wait_for)

    def stage_conversion(self, *, pipeline_id: Optional[str] = None, owner: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, wait_for: WaitFor = None) -> Page[types.CrmStageConversionRow]:
        """How many deals went on from each stage, how many were won or lost, and how long they stayed."""
        return self._transport.page("/v1/crm/stage-conversion", {"pipeline_id": pipeline_id, "owner": owner, "from": from_, "to": to}, wait_for=wait_for)


class InventoryProduct(Aggregate["types.InventoryProductState"]):
    """`inventory/product`"""

    def create(self, body: types.InventoryProductCreate, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Creates a product."""
        return self._command("create", id, body, options)

    def discontinue(self, id: str, body: Optional[types.InventoryProductDiscontinue] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Stops buying a product: nothing is received any more, what is in stock is sold off."""
        return self._command("discontinue", id, body, options)

    def price(self, id: str, body: Optional[types.InventoryProductPrice] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Says what a piece is sold for."""
        return self._command("price", id, body, options)

    def reinstate(self, id: str, body: Optional[types.InventoryProductReinstate] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Buys a discontinued product again."""
        return self._command("reinstate", id, body, options)

    def rename(self, id: str, body: types.InventoryProductRename, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives a product another name."""
        return self._command("rename", id, body, options)

    def update(self, id: str, body: Optional[types.InventoryProductUpdate] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes facts about a product: an absent field stays, `null` clears it."""
        return self._command("update", id, body, options)


class InventoryReorderSuggestion(Aggregate["types.InventoryReorderSuggestionState"]):
    """`inventory/reorder-suggestion`"""

    def suggest(self, body: types.InventoryReorderSuggestionSuggest, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Suggests to order a product."""
        return self._command("suggest", id, body, options)

    def withdraw(self, body: Optional[types.InventoryReorderSuggestionWithdraw] = None, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes back an open suggestion that is no longer needed; does nothing to one that was decided."""
        return self._command("withdraw", id, body, options)

    def accept(self, id: str, body: Optional[types.InventoryReorderSuggestionAccept] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that it was ordered."""
        return self._command("accept", id, body, options)

    def dismiss(self, id: str, body: types.InventoryReorderSuggestionDismiss, **options: Unpack[CommandOptions]) -> Receipt:
        """Decides against it."""
        return self._command("dismiss", id, body, options)


class InventorySku(Aggregate["types.InventorySkuState"]):
    """`inventory/sku`"""


class InventoryStockItem(Aggregate["types.InventoryStockItemState"]):
    """`inventory/stock-item`"""

    def adjust(self, body: types.InventoryStockItemAdjust, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Makes the books agree with what is there: damage, loss, theft, a find."""
        return self._command("adjust", id, body, options)

    def count(self, body: types.InventoryStockItemCount, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Records a count."""
        return self._command("count", id, body, options)

    def receive(self, body: types.InventoryStockItemReceive, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Receives goods."""
        return self._command("receive", id, body, options)

    def allocate(self, id: str, body: types.InventoryStockItemAllocate, **options: Unpack[CommandOptions]) -> Receipt:
        """Commits pieces without an end: those of a reservation, or available ones."""
        return self._command("allocate", id, body, options)

    def expire_reservations(self, id: str, body: Optional[types.InventoryStockItemExpireReservations] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Ends the reservations whose time is over."""
        return self._command("expire-reservations", id, body, options)

    def release(self, id: str, body: types.InventoryStockItemRelease, **options: Unpack[CommandOptions]) -> Receipt:
        """Frees what a reservation or an allocation keeps."""
        return self._command("release", id, body, options)

    def reserve(self, id: str, body: types.InventoryStockItemReserve, **options: Unpack[CommandOptions]) -> Receipt:
        """Keeps available pieces for somebody until a time."""
        return self._command("reserve", id, body, options)

    def return_(self, id: str, body: types.InventoryStockItemReturn, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes goods back from a customer, at what they were worth when they left."""
        return self._command("return", id, body, options)

    def revalue(self, id: str, body: types.InventoryStockItemRevalue, **options: Unpack[CommandOptions]) -> Receipt:
        """Sets what the stock is worth, such as to its lower net realisable value."""
        return self._command("revalue", id, body, options)

    def review_reorder(self, id: str, body: Optional[types.InventoryStockItemReviewReorder] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Looks whether the item is to be ordered again, and says so where that has changed: with the product's reorder point, or because the product is no longer bought, or is again."""
        return self._command("review-reorder", id, body, options)

    def ship(self, id: str, body: types.InventoryStockItemShip, **options: Unpack[CommandOptions]) -> Receipt:
        """Ships goods to a customer: those that a reservation or allocation keeps, or free ones, safety stock included."""
        return self._command("ship", id, body, options)

    def transfer(self, id: str, body: types.InventoryStockItemTransfer, **options: Unpack[CommandOptions]) -> Receipt:
        """Moves free goods to another warehouse; their value and their age move with them."""
        return self._command("transfer", id, body, options)


class InventoryStockMovement(Aggregate["types.InventoryStockMovementState"]):
    """`inventory/stock-movement`"""

    def open_stock(self, body: types.InventoryStockMovementOpenStock, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes over stock that was there before it was kept here."""
        return self._command("open-stock", id, body, options)

    def receive(self, body: types.InventoryStockMovementReceive, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Receives goods from a supplier, named as files and scanners name them."""
        return self._command("receive", id, body, options)

    def record(self, body: types.InventoryStockMovementRecord, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Records a movement of the past: it counts in the books on its own day (on the next open one where the books of the day are closed), and takes or brings the value that the stock has when it is recorded."""
        return self._command("record", id, body, options)

    def adjust_cost(self, id: str, body: Optional[types.InventoryStockMovementAdjustCost] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Corrects what the goods of a receipt cost."""
        return self._command("adjust-cost", id, body, options)


class InventoryStockReservation(Aggregate["types.InventoryStockReservationState"]):
    """`inventory/stock-reservation`"""

    def place(self, body: types.InventoryStockReservationPlace, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Keeps all that is wanted until a time, or nothing where one item is short."""
        return self._command("place", id, body, options)

    def allocate(self, id: str, body: Optional[types.InventoryStockReservationAllocate] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Commits all that is kept, without an end."""
        return self._command("allocate", id, body, options)

    def expire(self, id: str, body: Optional[types.InventoryStockReservationExpire] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Ends the reservation if its time is over."""
        return self._command("expire", id, body, options)

    def release(self, id: str, body: Optional[types.InventoryStockReservationRelease] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives up what has not left."""
        return self._command("release", id, body, options)

    def ship(self, id: str, body: types.InventoryStockReservationShip, **options: Unpack[CommandOptions]) -> Receipt:
        """Ships what is kept, all of it or some."""
        return self._command("ship", id, body, options)


class InventoryWarehouseSection(Aggregate["types.InventoryWarehouseSectionState"]):
    """`inventory/warehouse-section`"""


class InventoryWarehouse(Aggregate["types.InventoryWarehouseState"]):
    """`inventory/warehouse`"""

    def open(self, body: types.InventoryWarehouseOpen, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Opens a warehouse."""
        return self._command("open", id, body, options)

    def close(self, id: str, body: Optional[types.InventoryWarehouseClose] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Closes a warehouse that holds no stock."""
        return self._command("close", id, body, options)

    def rename(self, id: str, body: types.InventoryWarehouseRename, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives a warehouse another name."""
        return self._command("rename", id, body, options)

    def reopen(self, id: str, body: Optional[types.InventoryWarehouseReopen] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Opens a closed warehouse again."""
        return self._command("reopen", id, body, options)


class Inventory:
    """Products, warehouses, stock and its value, reservations and reordering."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.layer_list: ReadModel[types.InventoryLayerListRow, types.InventoryLayerListColumn, types.InventoryLayerListSort] = ReadModel(transport, "/v1/inventory/layer-list")
        self.movement_list: ReadModel[types.InventoryMovementListRow, types.InventoryMovementListColumn, types.InventoryMovementListSort] = ReadModel(transport, "/v1/inventory/movement-list")
        self.product_list: ReadModel[types.InventoryProductListRow, types.InventoryProductListColumn, types.InventoryProductListSort] = ReadModel(transport, "/v1/inventory/product-list")
        self.product = InventoryProduct(transport, "/v1/inventory/product")
        self.reorder_suggestion_list: ReadModel[types.InventoryReorderSuggestionListRow, types.InventoryReorderSuggestionListColumn, types.InventoryReorderSuggestionListSort] = ReadModel(transport, "/v1/inventory/reorder-suggestion-list")
        self.reorder_suggestion = InventoryReorderSuggestion(transport, "/v1/inventory/reorder-suggestion")
        self.reservation_list: ReadModel[types.InventoryReservationListRow, types.InventoryReservationListColumn, types.InventoryReservationListSort] = ReadModel(transport, "/v1/inventory/reservation-list")
        self.sku = InventorySku(transport, "/v1/inventory/sku")
        self.stock_item = InventoryStockItem(transport, "/v1/inventory/stock-item")
        self.stock_list: ReadModel[types.InventoryStockListRow, types.InventoryStockListColumn, types.InventoryStockListSort] = ReadModel(transport, "/v1/inventory/stock-list")
        self.stock_movement = InventoryStockMovement(transport, "/v1/inventory/stock-movement")
        self.stock_reservation_list: ReadModel[types.InventoryStockReservationListRow, types.InventoryStockReservationListColumn, types.InventoryStockReservationListSort] = ReadModel(transport, "/v1/inventory/stock-reservation-list")
        self.stock_reservation = InventoryStockReservation(transport, "/v1/inventory/stock-reservation")
        self.warehouse_list: ReadModel[types.InventoryWarehouseListRow, types.InventoryWarehouseListColumn, types.InventoryWarehouseListSort] = ReadModel(transport, "/v1/inventory/warehouse-list")
        self.warehouse_section = InventoryWarehouseSection(transport, "/v1/inventory/warehouse-section")
        self.warehouse = InventoryWarehouse(transport, "/v1/inventory/warehouse")

    def ageing(self, *, product_id: Optional[str] = None, warehouse_id: Optional[str] = None, as_of: Optional[Any] = None, wait_for: WaitFor = None) -> Page[types.InventoryAgeingRow]:
        """Stock and its value by how many days ago it came in."""
        return self._transport.page("/v1/inventory/ageing", {"product_id": product_id, "warehouse_id": warehouse_id, "as_of": as_of}, wait_for=wait_for)

    def availability(self, *, product_id: Optional[str] = None, sku: Optional[str] = None, warehouse_id: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.InventoryAvailabilityRow]:
        """What can be promised now, by product with its warehouses; expired reservations are left out to the second."""
        return self._transport.page("/v1/inventory/availability", {"product_id": product_id, "sku": sku, "warehouse_id": warehouse_id}, wait_for=wait_for)

    def days_of_cover(self, *, days: Optional[int] = None, product_id: Optional[str] = None, warehouse_id: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.InventoryDaysOfCoverRow]:
        """How long the stock lasts if as much is shipped each day as lately."""
        return self._transport.page("/v1/inventory/days-of-cover", {"days": days, "product_id": product_id, "warehouse_id": warehouse_id}, wait_for=wait_for)

    def reorder_list(self, *, warehouse_id: Optional[str] = None, supplier: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.InventoryReorderListRow]:
        """What is below its reorder point, how many to order, and the open suggestion."""
        return self._transport.page("/v1/inventory/reorder-list", {"warehouse_id": warehouse_id, "supplier": supplier}, wait_for=wait_for)

    def valuation(self, *, as_of: Optional[Any] = None, product_id: Optional[str] = None, warehouse_id: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.InventoryValuationRow]:
        """What the stock is worth, by product and warehouse, now or at the end of a day."""
        return self._transport.page("/v1/inventory/valuation", {"as_of": as_of, "product_id": product_id, "warehouse_id": warehouse_id}, wait_for=wait_for)

    def valuation_summary(self, *, as_of: Optional[Any] = None, wait_for: WaitFor = None) -> Page[types.InventoryValuationSummaryRow]:
        """What the stock is worth, by warehouse, category and currency, now or at the end of a day."""
        return self._transport.page("/v1/inventory/valuation-summary", {"as_of": as_of}, wait_for=wait_for)


class InvoicingBill(Aggregate["types.InvoicingBillState"]):
    """`invoicing/bill`"""

    def enter(self, body: types.InvoicingBillEnter, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Enters a bill as the supplier sent it."""
        return self._command("enter", id, body, options)

    def import_line(self, body: types.InvoicingBillImportLine, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Adds a line of an imported bill, which the first line enters."""
        return self._command("import-line", id, body, options)

    def add_line(self, id: str, body: types.InvoicingBillAddLine, **options: Unpack[CommandOptions]) -> Receipt:
        """Adds a line, until the bill is approved."""
        return self._command("add-line", id, body, options)

    def approve(self, id: str, body: Optional[types.InvoicingBillApprove] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Approves the bill: it is right and to be paid."""
        return self._command("approve", id, body, options)

    def credit(self, id: str, body: types.InvoicingBillCredit, **options: Unpack[CommandOptions]) -> Receipt:
        """Records a credit note of the supplier: named lines, or an amount spread over all lines, or all that is left."""
        return self._command("credit", id, body, options)

    def dispute(self, id: str, body: types.InvoicingBillDispute, **options: Unpack[CommandOptions]) -> Receipt:
        """Says that the bill is not accepted as it is."""
        return self._command("dispute", id, body, options)

    def erase_supplier(self, id: str, body: types.InvoicingBillEraseSupplier, **options: Unpack[CommandOptions]) -> Receipt:
        """Erases the supplier's data from the bill, once the time is over for which it must be kept."""
        return self._command("erase-supplier", id, body, options)

    def record_payment(self, id: str, body: types.InvoicingBillRecordPayment, **options: Unpack[CommandOptions]) -> Receipt:
        """Records that the bill was paid, or a part of it; no more than is open."""
        return self._command("record-payment", id, body, options)

    def record_refund(self, id: str, body: types.InvoicingBillRecordRefund, **options: Unpack[CommandOptions]) -> Receipt:
        """Records that the supplier paid back what credit notes gave beyond what was open."""
        return self._command("record-refund", id, body, options)

    def remove_line(self, id: str, body: types.InvoicingBillRemoveLine, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes a line out, until the bill is approved."""
        return self._command("remove-line", id, body, options)

    def reverse_payment(self, id: str, body: types.InvoicingBillReversePayment, **options: Unpack[CommandOptions]) -> Receipt:
        """Records that a payment came back."""
        return self._command("reverse-payment", id, body, options)

    def settle_dispute(self, id: str, body: Optional[types.InvoicingBillSettleDispute] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Settles a dispute."""
        return self._command("settle-dispute", id, body, options)

    def update(self, id: str, body: Optional[types.InvoicingBillUpdate] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes what was entered, until it is approved: an absent field stays, `null` clears it."""
        return self._command("update", id, body, options)

    def void(self, id: str, body: types.InvoicingBillVoid, **options: Unpack[CommandOptions]) -> Receipt:
        """Makes the bill count as never come."""
        return self._command("void", id, body, options)


class InvoicingCreditNote(Aggregate["Any"]):
    """`invoicing/credit-note`"""

    def pdf(self, id: str, *, wait_for: WaitFor = None) -> bytes:
        """The credit note as it is sent to the customer; its id is its number."""
        return self._transport.get_bytes(f"/v1/invoicing/credit-note/{quote(id, safe='')}/pdf", {}, wait_for=wait_for)


class InvoicingCustomerAccount(Aggregate["types.InvoicingCustomerAccountState"]):
    """`invoicing/customer-account`"""

    def erase_customer(self, id: str, body: types.InvoicingCustomerAccountEraseCustomer, **options: Unpack[CommandOptions]) -> Receipt:
        """Erases the customer's name from the account, once there is no credit left to be paid back."""
        return self._command("erase-customer", id, body, options)

    def refund_credit(self, id: str, body: types.InvoicingCustomerAccountRefundCredit, **options: Unpack[CommandOptions]) -> Receipt:
        """Records that credit was paid back to the customer."""
        return self._command("refund-credit", id, body, options)


class InvoicingCustomerPayment(Aggregate["types.InvoicingCustomerPaymentState"]):
    """`invoicing/customer-payment`"""

    def receive(self, body: types.InvoicingCustomerPaymentReceive, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Records a payment of a customer."""
        return self._command("receive", id, body, options)

    def allocate(self, id: str, body: types.InvoicingCustomerPaymentAllocate, **options: Unpack[CommandOptions]) -> Receipt:
        """A part of a payment, for one invoice."""
        return self._command("allocate", id, body, options)

    def erase_customer(self, id: str, body: types.InvoicingCustomerPaymentEraseCustomer, **options: Unpack[CommandOptions]) -> Receipt:
        """Erases the payer's name, once the time is over for which it must be kept."""
        return self._command("erase-customer", id, body, options)

    def refund(self, id: str, body: types.InvoicingCustomerPaymentRefund, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives back what is for no invoice, or a part of it."""
        return self._command("refund", id, body, options)

    def reverse(self, id: str, body: types.InvoicingCustomerPaymentReverse, **options: Unpack[CommandOptions]) -> Receipt:
        """Records that the whole payment went back: a cheque bounced, a direct debit was returned."""
        return self._command("reverse", id, body, options)


class InvoicingInvoice(Aggregate["types.InvoicingInvoiceState"]):
    """`invoicing/invoice`"""

    def draft(self, body: types.InvoicingInvoiceDraft, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Drafts an invoice."""
        return self._command("draft", id, body, options)

    def import_line(self, body: types.InvoicingInvoiceImportLine, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Adds a line of an imported invoice to its draft, which the first line drafts."""
        return self._command("import-line", id, body, options)

    def add_line(self, id: str, body: types.InvoicingInvoiceAddLine, **options: Unpack[CommandOptions]) -> Receipt:
        """Adds a line to a draft."""
        return self._command("add-line", id, body, options)

    def apply_credit(self, id: str, body: types.InvoicingInvoiceApplyCredit, **options: Unpack[CommandOptions]) -> Receipt:
        """Settles the invoice with credit of the customer."""
        return self._command("apply-credit", id, body, options)

    def check_due(self, id: str, body: Optional[types.InvoicingInvoiceCheckDue] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Looks whether the invoice is overdue, or a reminder due; sent by the clock, harmless at any time."""
        return self._command("check-due", id, body, options)

    def credit(self, id: str, body: types.InvoicingInvoiceCredit, **options: Unpack[CommandOptions]) -> Receipt:
        """Credits the invoice with a credit note of its own number: named lines, or an amount spread over all lines, or all that is left."""
        return self._command("credit", id, body, options)

    def discard(self, id: str, body: Optional[types.InvoicingInvoiceDiscard] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Throws a draft away."""
        return self._command("discard", id, body, options)

    def erase_customer(self, id: str, body: types.InvoicingInvoiceEraseCustomer, **options: Unpack[CommandOptions]) -> Receipt:
        """Erases the customer's data from the invoice, once the time is over for which it must be kept."""
        return self._command("erase-customer", id, body, options)

    def finalize(self, id: str, body: Optional[types.InvoicingInvoiceFinalize] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Makes a draft final: it takes the next number of its series, and its lines cannot be changed any more."""
        return self._command("finalize", id, body, options)

    def record_payment(self, id: str, body: types.InvoicingInvoiceRecordPayment, **options: Unpack[CommandOptions]) -> Receipt:
        """Records a payment of this invoice."""
        return self._command("record-payment", id, body, options)

    def refund_payment(self, id: str, body: types.InvoicingInvoiceRefundPayment, **options: Unpack[CommandOptions]) -> Receipt:
        """Records that money which had paid the invoice went back to the payer: a refund, or a chargeback that was lost."""
        return self._command("refund-payment", id, body, options)

    def remove_line(self, id: str, body: types.InvoicingInvoiceRemoveLine, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes a line out of a draft."""
        return self._command("remove-line", id, body, options)

    def reverse_payment(self, id: str, body: types.InvoicingInvoiceReversePayment, **options: Unpack[CommandOptions]) -> Receipt:
        """Records that a payment went back: a cheque bounced, a direct debit was returned, a card payment was refunded."""
        return self._command("reverse-payment", id, body, options)

    def update(self, id: str, body: Optional[types.InvoicingInvoiceUpdate] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes what a draft says: an absent field stays, `null` clears it."""
        return self._command("update", id, body, options)

    def void(self, id: str, body: types.InvoicingInvoiceVoid, **options: Unpack[CommandOptions]) -> Receipt:
        """Makes the invoice count as never sent."""
        return self._command("void", id, body, options)

    def write_off(self, id: str, body: types.InvoicingInvoiceWriteOff, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives up what is open."""
        return self._command("write-off", id, body, options)

    def pdf(self, id: str, *, wait_for: WaitFor = None) -> bytes:
        """The invoice as it is sent to the customer."""
        return self._transport.get_bytes(f"/v1/invoicing/invoice/{quote(id, safe='')}/pdf", {}, wait_for=wait_for)


class InvoicingIssuer(Aggregate["types.InvoicingIssuerState"]):
    """`invoicing/issuer`"""

    def define(self, body: Optional[types.InvoicingIssuerDefine] = None, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Says who sends the invoices."""
        return self._command("define", id, body, options)


class InvoicingNumberSeries(Aggregate["types.InvoicingNumberSeriesState"]):
    """`invoicing/number-series`"""

    def define(self, body: types.InvoicingNumberSeriesDefine, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Says how the numbers of a series look."""
        return self._command("define", id, body, options)

    def retire(self, id: str, body: Optional[types.InvoicingNumberSeriesRetire] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Takes a series out of use."""
        return self._command("retire", id, body, options)


class Invoicing:
    """Invoices and credit notes with gapless numbers, bills, payments, customer credit, reminders."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.bill_list: ReadModel[types.InvoicingBillListRow, types.InvoicingBillListColumn, types.InvoicingBillListSort] = ReadModel(transport, "/v1/invoicing/bill-list")
        self.bill = InvoicingBill(transport, "/v1/invoicing/bill")
        self.credit_note_list: ReadModel[types.InvoicingCreditNoteListRow, types.InvoicingCreditNoteListColumn, types.InvoicingCreditNoteListSort] = ReadModel(transport, "/v1/invoicing/credit-note-list")
        self.credit_note = InvoicingCreditNote(transport, "/v1/invoicing/credit-note")
        self.customer_account = InvoicingCustomerAccount(transport, "/v1/invoicing/customer-account")
        self.customer_credit: ReadModel[types.InvoicingCustomerCreditRow, types.InvoicingCustomerCreditColumn, types.InvoicingCustomerCreditSort] = ReadModel(transport, "/v1/invoicing/customer-credit")
        self.customer_payment = InvoicingCustomerPayment(transport, "/v1/invoicing/customer-payment")
        self.invoice_list: ReadModel[types.InvoicingInvoiceListRow, types.InvoicingInvoiceListColumn, types.InvoicingInvoiceListSort] = ReadModel(transport, "/v1/invoicing/invoice-list")
        self.invoice = InvoicingInvoice(transport, "/v1/invoicing/invoice")
        self.issuer_profile: ReadModel[types.InvoicingIssuerProfileRow, types.InvoicingIssuerProfileColumn, types.InvoicingIssuerProfileSort] = ReadModel(transport, "/v1/invoicing/issuer-profile")
        self.issuer = InvoicingIssuer(transport, "/v1/invoicing/issuer")
        self.movement_list: ReadModel[types.InvoicingMovementListRow, types.InvoicingMovementListColumn, types.InvoicingMovementListSort] = ReadModel(transport, "/v1/invoicing/movement-list")
        self.number_series_list: ReadModel[types.InvoicingNumberSeriesListRow, types.InvoicingNumberSeriesListColumn, types.InvoicingNumberSeriesListSort] = ReadModel(transport, "/v1/invoicing/number-series-list")
        self.number_series = InvoicingNumberSeries(transport, "/v1/invoicing/number-series")
        self.payment_list: ReadModel[types.InvoicingPaymentListRow, types.InvoicingPaymentListColumn, types.InvoicingPaymentListSort] = ReadModel(transport, "/v1/invoicing/payment-list")

    def customer_statement(self, *, customer_id: str, currency: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, wait_for: WaitFor = None) -> Page[types.InvoicingCustomerStatementRow]:
        """A customer's invoices, payments and credit in order, with the balance after each."""
        return self._transport.page("/v1/invoicing/customer-statement", {"customer_id": customer_id, "currency": currency, "from": from_, "to": to}, wait_for=wait_for)

    def payables_ageing(self, *, as_of: Optional[Any] = None, currency: Optional[str] = None, supplier_id: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.InvoicingPayablesAgeingRow]:
        """What is owed to suppliers, by how long it has been due; of any day."""
        return self._transport.page("/v1/invoicing/payables-ageing", {"as_of": as_of, "currency": currency, "supplier_id": supplier_id}, wait_for=wait_for)

    def receivables_ageing(self, *, as_of: Optional[Any] = None, currency: Optional[str] = None, customer_id: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.InvoicingReceivablesAgeingRow]:
        """What customers owe, by how long it has been due; of any day."""
        return self._transport.page("/v1/invoicing/receivables-ageing", {"as_of": as_of, "currency": currency, "customer_id": customer_id}, wait_for=wait_for)

    def receivables_summary(self, *, currency: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.InvoicingReceivablesSummaryRow]:
        """Drafts, open and overdue amounts, customers' credit and open bills by currency."""
        return self._transport.page("/v1/invoicing/receivables-summary", {"currency": currency}, wait_for=wait_for)

    def reminders_due(self, *, level: Optional[int] = None, customer_id: Optional[str] = None, as_of: Optional[Any] = None, limit: Optional[int] = None, wait_for: WaitFor = None) -> Page[types.InvoicingRemindersDueRow]:
        """Overdue invoices with what is open and how often the customer was reminded, the longest overdue first."""
        return self._transport.page("/v1/invoicing/reminders-due", {"level": level, "customer_id": customer_id, "as_of": as_of, "limit": limit}, wait_for=wait_for)

    def revenue_by_month(self, *, from_: Optional[Any] = None, to: Optional[Any] = None, currency: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.InvoicingRevenueByMonthRow]:
        """What was invoiced and credited by month and currency."""
        return self._transport.page("/v1/invoicing/revenue-by-month", {"from": from_, "to": to, "currency": currency}, wait_for=wait_for)

    def tax_summary(self, *, from_: Optional[Any] = None, to: Optional[Any] = None, currency: Optional[str] = None, wait_for: WaitFor = None) -> Page[types.InvoicingTaxSummaryRow]:
        """Taxes charged and paid by category and rate, for tax returns."""
        return self._transport.page("/v1/invoicing/tax-summary", {"from": from_, "to": to, "currency": currency}, wait_for=wait_for)

    def customer_statement_pdf(self, id: str, *, currency: Optional[str] = None, from_: Optional[Any] = None, to: Optional[Any] = None, wait_for: WaitFor = None) -> bytes:
        """A customer's statement of account: opening balance, movements, closing balance, and how long what is open has been due."""
        return self._transport.get_bytes(f"/v1/invoicing/customer-statement/{quote(id, safe='')}/pdf", {"currency": currency, "from": from_, "to": to}, wait_for=wait_for)


class SchedulingTimer(Aggregate["types.SchedulingTimerState"]):
    """`scheduling/timer`"""

    def schedule(self, body: types.SchedulingTimerSchedule, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Sets a timer, which sends a command when its time comes."""
        return self._command("schedule", id, body, options)

    def cancel(self, id: str, body: Optional[types.SchedulingTimerCancel] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Ends a timer for good."""
        return self._command("cancel", id, body, options)

    def fire(self, id: str, body: Optional[types.SchedulingTimerFire] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Fires what is due."""
        return self._command("fire", id, body, options)

    def pause(self, id: str, body: Optional[types.SchedulingTimerPause] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Lets a timer fire no more until it is resumed."""
        return self._command("pause", id, body, options)

    def reschedule(self, id: str, body: types.SchedulingTimerReschedule, **options: Unpack[CommandOptions]) -> Receipt:
        """Gives a timer other times."""
        return self._command("reschedule", id, body, options)

    def resume(self, id: str, body: Optional[types.SchedulingTimerResume] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Lets a paused timer go on with the next occurrence."""
        return self._command("resume", id, body, options)


class Scheduling:
    """Timers that send a command at a point in time, or again and again by the clocks of a time zone."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.firing_list: ReadModel[types.SchedulingFiringListRow, types.SchedulingFiringListColumn, types.SchedulingFiringListSort] = ReadModel(transport, "/v1/scheduling/firing-list")
        self.timer_list: ReadModel[types.SchedulingTimerListRow, types.SchedulingTimerListColumn, types.SchedulingTimerListSort] = ReadModel(transport, "/v1/scheduling/timer-list")
        self.timer = SchedulingTimer(transport, "/v1/scheduling/timer")


class WebhooksEndpoint(Aggregate["types.WebhooksEndpointState"]):
    """`webhooks/endpoint`"""

    def register(self, body: types.WebhooksEndpointRegister, id: Optional[str] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Registers an address that is told of events."""
        return self._command("register", id, body, options)

    def change(self, id: str, body: Optional[types.WebhooksEndpointChange] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Changes what is given, and leaves the rest."""
        return self._command("change", id, body, options)

    def disable(self, id: str, body: Optional[types.WebhooksEndpointDisable] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Lets nothing be delivered until the endpoint is enabled."""
        return self._command("disable", id, body, options)

    def enable(self, id: str, body: Optional[types.WebhooksEndpointEnable] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Lets the endpoint be delivered to again, beginning with what happened meanwhile."""
        return self._command("enable", id, body, options)

    def remove(self, id: str, body: Optional[types.WebhooksEndpointRemove] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Removes the endpoint for good."""
        return self._command("remove", id, body, options)

    def replay(self, id: str, body: Optional[types.WebhooksEndpointReplay] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Has events delivered again: from a time on, from positions on, or single ones."""
        return self._command("replay", id, body, options)

    def revoke_secret(self, id: str, body: types.WebhooksEndpointRevokeSecret, **options: Unpack[CommandOptions]) -> Receipt:
        """Lets a secret that was replaced sign no more."""
        return self._command("revoke-secret", id, body, options)

    def rotate_secret(self, id: str, body: Optional[types.WebhooksEndpointRotateSecret] = None, **options: Unpack[CommandOptions]) -> Receipt:
        """Makes a new secret, which the answer holds this once."""
        return self._command("rotate-secret", id, body, options)

    def deliveries(self, id: str, *, status: Optional[Literal['retrying', 'delivered', 'failed']] = None, limit: Optional[int] = None, cursor: Optional[str] = None) -> types.WebhooksEndpointDeliveriesAnswer:
        """What an endpoint was told, and what it answered."""
        return self._transport.get(f"/v1/webhooks/endpoint/{quote(id, safe='')}/deliveries", {"status": status, "limit": limit, "cursor": cursor})  # type: ignore[no-any-return]


class Webhooks:
    """Addresses of other systems that are told of the tenant's events."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.endpoint_list: ReadModel[types.WebhooksEndpointListRow, types.WebhooksEndpointListColumn, types.WebhooksEndpointListSort] = ReadModel(transport, "/v1/webhooks/endpoint-list")
        self.endpoint = WebhooksEndpoint(transport, "/v1/webhooks/endpoint")
        self.replay_list: ReadModel[types.WebhooksReplayListRow, types.WebhooksReplayListColumn, types.WebhooksReplayListSort] = ReadModel(transport, "/v1/webhooks/replay-list")


class Client:
    """A caller of one gateway. Every method of a context is one request; `Problem` is what the gateway refuses."""

    def __init__(self, url: str, token: Optional[str] = None, *, timeout_s: float = 60.0, tries: int = 5) -> None:
        self._transport = transport = Transport(url, token, timeout_s, tries)
        self.accounting = Accounting(transport)
        self.analytics = Analytics(transport)
        self.audit = Audit(transport)
        self.billing = Billing(transport)
        self.crm = Crm(transport)
        self.inventory = Inventory(transport)
        self.invoicing = Invoicing(transport)
        self.scheduling = Scheduling(transport)
        self.webhooks = Webhooks(transport)

    def bulk(self, commands: Iterable[BulkCommand]) -> Iterator[Dict[str, Any]]:
        """Many commands; a result for each, in order, with `status` and `receipt` or `problem`."""
        return self._transport.bulk(commands)

    def events(
        self, *, context: Optional[Sequence[str]] = None, type: Optional[Sequence[str]] = None, subject: Optional[Sequence[str]] = None,
        after: Optional[str] = None, from_: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """CloudEvents as they are recorded, without end; `from_="start"` begins with the first, `after` behind an event's `cursor`."""
        return self._transport.events({"context": context, "type": type, "subject": subject, "after": after, "from": from_})

    def schema_of_context(self, context: str, file: str) -> bytes:
        """A file of the tree of schemas."""
        return self._transport.get_bytes(f"/schemas/{quote(context, safe='')}/{quote(file, safe='')}", {})

    def features(self) -> types.FeaturesAnswer:
        """What the tenant's subscription to the platform says: flags, limits and words."""
        return self._transport.get("/v1/features", {})  # type: ignore[no-any-return]

    def series(self, *, source: str, date: str, value: Optional[str] = None, group: Optional[str] = None, bucket: Optional[Literal['day', 'week', 'month']] = None, from_: Optional[Any] = None, to: Optional[Any] = None, season: Optional[int] = None, horizon: Optional[int] = None, level: Optional[float] = None, method: Optional[Literal['auto', 'seasonal_naive', 'exponential_smoothing']] = None, filters: Optional[Mapping[str, Any]] = None, wait_for: WaitFor = None) -> types.SeriesAnswer:
        """What a read model or report adds up to over time, what of it is unusual, and how it may go on."""
        return self._transport.get("/v1/series", {"source": source, "date": date, "value": value, "group": group, "bucket": bucket, "from": from_, "to": to, "season": season, "horizon": horizon, "level": level, "method": method, **(filters or {})}, wait_for=wait_for)  # type: ignore[no-any-return]
