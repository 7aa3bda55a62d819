"""Commands and queries by context. Written by clients/generate.py from clients/openapi.json; changes here are lost."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Literal, Mapping, Optional, Sequence
from urllib.parse import quote

from . import types
from .core import Aggregate, BulkCommand, CommandOptions, Page, ReadModel, Receipt, Transport, WaitFor

if TYPE_CHECKING:
    from typing_extensions import Unpack


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
        """Erases the company's data, for instance those of a sole trader who asks for it, in this company and in all that were."""
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


class Client:
    """A caller of one gateway. Every method of a context is one request; `Problem` is what the gateway refuses."""

    def __init__(self, url: str, token: Optional[str] = None, *, timeout_s: float = 60.0, tries: int = 5) -> None:
        self._transport = transport = Transport(url, token, timeout_s, tries)
        self.crm = Crm(transport)

    def bulk(self, commands: Iterable[BulkCommand]) -> Iterator[Dict[str, Any]]:
        """Many commands; a result for each, in order, with `status` and `receipt` or `problem`."""
        return self._transport.bulk(commands)

    def events(
        self, *, context: Optional[Sequence[str]] = None, type: Optional[Sequence[str]] = None, subject: Optional[Sequence[str]] = None,
        after: Optional[str] = None, from_: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """CloudEvents as they are recorded, without end; `from_="start"` begins with the first, `after` behind an event's `cursor`."""
        return self._transport.events({"context": context, "type": type, "subject": subject, "after": after, "from": from_})
