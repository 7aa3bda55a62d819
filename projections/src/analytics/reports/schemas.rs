//! The shapes of the dashboards' answers. The statements build them; these types only describe them.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::analytics::question::Question;
use schemars::JsonSchema;

use crate::shapes::shapes;

shapes! {
    /// The key figures of a period in one currency, all in minor units, each beside that of as many days before. Revenue, invoices and won
    /// deals are those of the days; the others are what there was at the end of the last day.
    KeyFigures {
        /// ISO 4217 code.
        currency: String,
        /// The first day.
        from: NaiveDate,
        /// The last day.
        to: NaiveDate,
        /// The first day that is compared with.
        previous_from: NaiveDate,
        /// The last day that is compared with.
        previous_to: NaiveDate,
        /// Invoices less credit notes, without tax.
        revenue_minor: i64,
        /// The same before.
        previous_revenue_minor: i64,
        /// Invoices that were sent and are not void.
        invoice_count: i64,
        /// The same before.
        previous_invoice_count: i64,
        /// What subscriptions come to in a month.
        mrr_minor: i64,
        /// The same before.
        previous_mrr_minor: i64,
        /// What customers owe.
        receivables_minor: i64,
        /// The same before.
        previous_receivables_minor: i64,
        /// What of it should have been paid.
        overdue_minor: i64,
        /// The same before.
        previous_overdue_minor: i64,
        /// What is owed to suppliers.
        payables_minor: i64,
        /// The same before.
        previous_payables_minor: i64,
        /// What is on cash and bank accounts.
        cash_minor: i64,
        /// The same before.
        previous_cash_minor: i64,
        /// What the stock is worth.
        stock_value_minor: i64,
        /// The same before.
        previous_stock_value_minor: i64,
        /// Deals that were won.
        won_minor: i64,
        /// The same before.
        previous_won_minor: i64,
        /// Open deals, now.
        pipeline_minor: i64,
        /// Open deals by their probability, now.
        weighted_pipeline_minor: i64,
        /// By figure, the question that leads to what it is made of.
        drill: BTreeMap<String, Question>,
    }

    /// What was invoiced and credited within a day, week or month, in one currency.
    #[expect(clippy::struct_field_names, reason = "the statement names the field so")]
    Revenue {
        /// The first day of the bucket.
        date: NaiveDate,
        /// ISO 4217 code.
        currency: String,
        /// Invoices, void ones left out.
        invoice_count: i64,
        /// What they amount to without tax, in minor units.
        net_minor: i64,
        /// Their tax.
        tax_minor: i64,
        /// What they amount to with tax.
        total_minor: i64,
        /// Credit notes.
        credit_note_count: i64,
        /// What they amount to without tax.
        credited_net_minor: i64,
        /// What they amount to with tax.
        credited_minor: i64,
        /// Invoices less credit notes, without tax.
        revenue_minor: i64,
        /// Leads to the lines of the invoices and credit notes.
        drill: Question,
    }

    /// Recurring revenue of a day, week or month in one currency, in minor units a month.
    RecurringRevenue {
        /// The first day of the bucket, in UTC.
        date: NaiveDate,
        /// ISO 4217 code.
        currency: String,
        /// When it began.
        opening_minor: i64,
        /// Of subscriptions that began.
        new_minor: i64,
        /// Of subscriptions that grew.
        expansion_minor: i64,
        /// Of subscriptions that shrank; not positive.
        contraction_minor: i64,
        /// Of subscriptions that ended; not positive.
        churn_minor: i64,
        /// When it ended, or now.
        closing_minor: i64,
        /// The same for a year.
        annual_minor: i64,
        /// Subscriptions that began.
        new_count: i64,
        /// Subscriptions that ended.
        churn_count: i64,
        /// Leads to the movements.
        drill: Question,
    }

    /// What is open and has been due for so long, in one currency.
    #[expect(clippy::struct_field_names, reason = "the statement names the field so")]
    Age {
        /// The day.
        as_of: NaiveDate,
        /// ISO 4217 code.
        currency: String,
        /// `not_due`, `1-30`, `31-60`, `61-90` or `over_90`: days since the due day.
        age: String,
        /// The least number of days; none for what is not due.
        from_days: Option<i32>,
        /// The greatest number of days; none for the oldest.
        to_days: Option<i32>,
        /// Invoices or bills.
        document_count: i64,
        /// Customers or suppliers.
        party_count: i64,
        /// What is open, in minor units.
        open_minor: i64,
        /// How much of everything that is open in the currency.
        share_percent: Option<f64>,
        /// Leads to the documents; for a day of the past, to the report by customer or supplier.
        drill: Question,
    }

    /// What happened on an account within a day, week or month.
    CashFlow {
        /// The first day of the bucket.
        date: NaiveDate,
        /// The account's code.
        account: String,
        /// What people call it.
        name: String,
        /// ISO 4217 code.
        currency: String,
        /// What was there when it began, in minor units.
        opening_minor: i64,
        /// What came.
        in_minor: i64,
        /// What went.
        out_minor: i64,
        /// What was there when it ended.
        closing_minor: i64,
        /// Leads to the lines of the account.
        drill: Question,
    }

    /// Open deals of a stage that are expected in a month, in one currency.
    PipelineMonth {
        /// The pipeline.
        pipeline_id: String,
        /// What people call it.
        pipeline_name: Option<String>,
        /// The stage's place in the pipeline; none for a stage that was retired.
        position: Option<i64>,
        /// The stage.
        stage_id: String,
        /// What people call it.
        stage_name: String,
        /// How likely deals in it are won.
        probability_percent: i32,
        /// ISO 4217 code; none for deals of which nobody has said what they are worth, and for stages without deals.
        currency: Option<String>,
        /// The first day of the month; none for deals without an expected day.
        date: Option<NaiveDate>,
        /// Deals.
        deal_count: i64,
        /// Deals of which nobody has said what they are worth.
        unvalued_count: i64,
        /// Deals whose expected day is over.
        overdue_count: i64,
        /// What they are worth, in minor units.
        amount_minor: i64,
        /// The same by their probability.
        weighted_minor: i64,
        /// Leads to the deals.
        drill: Question,
    }

    /// How long a product lasts in a warehouse, and what it is worth there.
    StockCover {
        /// The stock item.
        item_id: String,
        /// The product.
        product_id: String,
        /// Its article number.
        sku: String,
        /// What people call it.
        product_name: String,
        /// The warehouse.
        warehouse_id: String,
        /// What people call it.
        warehouse_name: String,
        /// The pieces in stock.
        on_hand: i64,
        /// Those of them that can be promised.
        available: i64,
        /// Those that left for customers within the days, less those that came back.
        shipped: i64,
        /// How many that is a day.
        shipped_per_day: f64,
        /// For how many days the stock lasts; none where nothing is shipped.
        days_of_cover: Option<f64>,
        /// The day on which it runs out; none where that is far away.
        date: Option<NaiveDate>,
        /// Whether it is below its reorder point.
        low: bool,
        /// ISO 4217 code.
        currency: String,
        /// What the stock is worth, in minor units.
        value_minor: i64,
        /// Leads to the shipments and returns.
        drill: Question,
    }

    /// What a customer brought in a period, in one currency.
    TopCustomer {
        /// The place, from 1.
        rank: i64,
        /// The customer.
        customer_id: String,
        /// The name, as the latest document has it.
        customer_name: Option<String>,
        /// ISO 4217 code.
        currency: String,
        /// The first day.
        from: NaiveDate,
        /// The last day.
        to: NaiveDate,
        /// Invoices.
        invoice_count: i64,
        /// Invoices less credit notes, without tax, in minor units.
        revenue_minor: i64,
        /// The same of as many days before.
        previous_revenue_minor: i64,
        /// How much of everybody's.
        share_percent: Option<f64>,
        /// Leads to the lines of the invoices and credit notes.
        drill: Question,
    }

    /// What a product brought in a period, in one currency.
    TopProduct {
        /// The place, from 1.
        rank: i64,
        /// The product's id; what the invoices say where the stock knows no such product; empty for lines that name none.
        product: String,
        /// The product, where the stock knows it.
        product_id: Option<String>,
        /// Its article number.
        sku: Option<String>,
        /// What people call it.
        product_name: Option<String>,
        /// ISO 4217 code.
        currency: String,
        /// The first day.
        from: NaiveDate,
        /// The last day.
        to: NaiveDate,
        /// How many were invoiced.
        quantity: f64,
        /// Invoices less credit notes, without tax, in minor units.
        revenue_minor: i64,
        /// The same of as many days before.
        previous_revenue_minor: i64,
        /// How much of everything that was sold.
        share_percent: Option<f64>,
        /// What the pieces had cost that left for customers in the period; none for what is not a product of the stock.
        cost_minor: Option<i64>,
        /// Revenue less cost.
        margin_minor: Option<i64>,
        /// The margin of a hundred of revenue.
        margin_percent: Option<f64>,
        /// Leads to the lines of the invoices and credit notes.
        drill: Question,
        /// Leads to the movements of stock that the cost is made of.
        cost_drill: Option<Question>,
    }

    /// How far a projection is behind the log of a context.
    ProjectionLag {
        /// The projection.
        projection: String,
        /// The context that it reads.
        context: String,
        /// The log partition with the tenant's events.
        partition: i32,
        /// The version of its tables that is read.
        version: i32,
        /// Whether the next version is being filled.
        rebuilding: bool,
        /// The last event that it has applied.
        position: i64,
        /// The last event there is.
        head: i64,
        /// How many are between them.
        lag_events: i64,
        /// How much earlier the former was recorded than the latter, in seconds; none where nothing was applied yet.
        lag_seconds: Option<f64>,
        /// When the last event that it has applied was recorded.
        applied_at: Option<DateTime<Utc>>,
        /// The tenant's events that could not be applied and wait.
        parked_events: i64,
    }
}
