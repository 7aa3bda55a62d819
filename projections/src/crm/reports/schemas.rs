//! The shapes of the reports' answers. The statements build them; these types only describe them.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;

use crate::crm::activity_timeline::ActivityRow;
use crate::crm::company_list::CompanyRow;
use crate::crm::contact_list::ContactRow;
use crate::crm::deal_list::DealRow;
use crate::shapes::shapes;

shapes! {
    /// A record named in passing.
    Named {
        /// Its id.
        id: String,
        /// What people call it.
        name: String,
    }

    /// What deals in one currency amount to.
    DealTotals {
        /// ISO 4217 code; none for deals that nobody has valued.
        currency: Option<String>,
        /// Open deals.
        open_count: i64,
        /// What they are worth, in minor units.
        open_minor: i64,
        /// What they are worth by their probability.
        weighted_minor: i64,
        /// Won deals.
        won_count: i64,
        /// What they brought.
        won_minor: i64,
        /// Lost deals.
        lost_count: i64,
        /// What they would have brought.
        lost_minor: i64,
    }

    /// All about one company.
    Company360 {
        /// The company.
        company: CompanyRow,
        /// The company that it belongs to.
        parent: Option<Named>,
        /// How many companies belong to it.
        subsidiary_count: i64,
        /// The first 100 of them by name.
        subsidiaries: Vec<Named>,
        /// How many contacts work there.
        contact_count: i64,
        /// The first 100 of them by name.
        contacts: Vec<ContactRow>,
        /// How many deals are open.
        open_deal_count: i64,
        /// The first 100 of them by the day on which they are expected.
        open_deals: Vec<DealRow>,
        /// Totals by currency.
        totals: Vec<DealTotals>,
        /// The next 20 activities with the company, its contacts or about its deals.
        next_activities: Vec<ActivityRow>,
        /// The last 20.
        recent_activities: Vec<ActivityRow>,
    }

    /// A lead that became the contact.
    LeadOfContact {
        /// The lead's id.
        id: String,
        /// The name that it came in with.
        display_name: String,
        /// Where it came from.
        source: Option<String>,
        /// How promising it was, 0 to 100.
        score: i32,
        /// When it came in.
        created_at: DateTime<Utc>,
    }

    /// All about one contact.
    Contact360 {
        /// The contact.
        contact: ContactRow,
        /// The company.
        company: Option<CompanyRow>,
        /// How many leads became the contact.
        lead_count: i64,
        /// The first 20 of them.
        leads: Vec<LeadOfContact>,
        /// How many deals are open.
        open_deal_count: i64,
        /// How many deals there are.
        deal_count: i64,
        /// The first 100 of them: open ones, then the newest.
        deals: Vec<DealRow>,
        /// Totals by currency.
        totals: Vec<DealTotals>,
        /// The next 20 activities with the contact or about its deals.
        next_activities: Vec<ActivityRow>,
        /// The last 20.
        recent_activities: Vec<ActivityRow>,
    }

    /// The open deals of one stage in one currency.
    StageTotals {
        /// The pipeline.
        pipeline_id: String,
        /// What people call the pipeline.
        pipeline_name: Option<String>,
        /// The place of the stage in the pipeline, from 1; none for a retired stage.
        position: Option<i64>,
        /// The stage.
        stage_id: String,
        /// What people call the stage.
        stage_name: String,
        /// How many of 100 deals in the stage are won.
        probability_percent: i32,
        /// ISO 4217 code; none for deals that nobody has valued, and for empty stages.
        currency: Option<String>,
        /// How many deals.
        deal_count: i64,
        /// How many of them nobody has valued.
        unvalued_count: i64,
        /// What they are worth, in minor units.
        amount_minor: i64,
        /// What they are worth by their probability.
        weighted_minor: i64,
        /// Since when the oldest of them is in the stage.
        oldest_entered_at: Option<DateTime<Utc>>,
    }

    /// What one month may bring in one pipeline and currency.
    ForecastMonth {
        /// `2026-03`; none for open deals without an expected day.
        month: Option<String>,
        /// The pipeline.
        pipeline_id: String,
        /// ISO 4217 code; none for deals that nobody has valued.
        currency: Option<String>,
        /// Open deals expected in the month.
        open_count: i64,
        /// How many of them were expected before today.
        overdue_count: i64,
        /// How many of them nobody has valued.
        unvalued_count: i64,
        /// What they are worth, in minor units.
        amount_minor: i64,
        /// What they are worth by their probability.
        weighted_minor: i64,
        /// Deals won in the month.
        won_count: i64,
        /// What they brought.
        won_minor: i64,
    }

    /// What became of the deals that entered a stage.
    Conversion {
        /// The pipeline.
        pipeline_id: String,
        /// The stage.
        stage_id: String,
        /// What people called it last.
        stage_name: String,
        /// Its probability of late.
        probability_percent: i32,
        /// How often a deal entered it.
        entered_count: i64,
        /// How many deals that were.
        deal_count: i64,
        /// How many are still in it.
        in_stage_count: i64,
        /// How often a deal left it.
        left_count: i64,
        /// How often to a stage that is not less likely.
        moved_on_count: i64,
        /// How often to a less likely stage.
        returned_count: i64,
        /// How often by being won.
        won_count: i64,
        /// How often by being lost.
        lost_count: i64,
        /// How many of the deals are won by now, from whatever stage.
        deals_won_count: i64,
        /// How many of them are lost by now.
        deals_lost_count: i64,
        /// Half of the stays that ended were not longer than this.
        median_seconds: Option<f64>,
        /// Nine in ten of the stays that ended were not longer than this.
        p90_seconds: Option<f64>,
        /// The share of the stays that ended in a further stage or in a sale, 0 to 1.
        move_on_rate: Option<f64>,
        /// The share of the closed deals that were won, 0 to 1.
        win_rate: Option<f64>,
    }

    /// Open deals of one stage and currency that have been there for so many days.
    Ageing {
        /// The pipeline.
        pipeline_id: String,
        /// The stage.
        stage_id: String,
        /// What people call the stage.
        stage_name: String,
        /// At least so many days.
        from_days: i32,
        /// Fewer than so many days; none for the last group.
        to_days: Option<i32>,
        /// ISO 4217 code; none for deals that nobody has valued.
        currency: Option<String>,
        /// How many deals.
        deal_count: i64,
        /// What they are worth, in minor units.
        amount_minor: i64,
        /// What they are worth by their probability.
        weighted_minor: i64,
        /// For how many days the oldest of them has been there.
        oldest_days: i32,
        /// The oldest of them.
        oldest_deal_id: String,
    }

    /// Deals that were lost for one reason.
    LossReason {
        /// The reason.
        reason: String,
        /// Who won instead.
        competitor: Option<String>,
        /// ISO 4217 code; none for deals that nobody has valued.
        currency: Option<String>,
        /// How many deals.
        deal_count: i64,
        /// What they would have brought, in minor units.
        amount_minor: i64,
    }

    /// A contact of a group.
    DuplicateContact {
        /// The contact's id.
        id: String,
        /// The name, or whatever else is known of who it is.
        display_name: String,
        /// Email address.
        email: Option<String>,
        /// Phone number.
        phone: Option<String>,
        /// The company.
        company_id: Option<String>,
        /// The company's name as the source wrote it.
        company_name: Option<String>,
        /// Who looks after the contact.
        owner: Option<String>,
        /// When it was registered.
        created_at: DateTime<Utc>,
        /// When it changed last.
        updated_at: DateTime<Utc>,
    }

    /// Contacts that may be the same person.
    Duplicates {
        /// What they share: `email`, `phone` or `name` (at the same company).
        reason: String,
        /// The value that they share.
        value: String,
        /// How many they are.
        contact_count: i64,
        /// The oldest 50 of them.
        contacts: Vec<DuplicateContact>,
    }

    /// A company of a group.
    DuplicateCompany {
        /// The company's id.
        id: String,
        /// The name that it goes by.
        name: String,
        /// Web domain.
        domain: Option<String>,
        /// City.
        city: Option<String>,
        /// Who looks after the company.
        owner: Option<String>,
        /// When it was registered.
        created_at: DateTime<Utc>,
        /// When it changed last.
        updated_at: DateTime<Utc>,
    }

    /// Companies that may be the same.
    CompanyDuplicates {
        /// What they share: `domain` or `name`.
        reason: String,
        /// The value that they share.
        value: String,
        /// How many they are.
        company_count: i64,
        /// The oldest 50 of them.
        companies: Vec<DuplicateCompany>,
    }
}
