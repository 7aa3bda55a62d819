//! The read side of invoicing.

pub mod bill_list;
pub mod credit_note_list;
pub mod customer_credit;
mod document;
pub mod invoice_list;
pub mod issuer_profile;
pub mod movement_list;
pub mod number_series_list;
pub mod payment_list;
mod reports;
mod statement;
mod table;

use crate::contexts::ContextEntry;
use crate::model::ReadModelDef;
use crate::runtime::RowProjection;

/// The read models, in the order of the documentation.
const READ_MODELS: &[&ReadModelDef] = &[
    &invoice_list::DEF,
    &credit_note_list::DEF,
    &bill_list::DEF,
    &payment_list::DEF,
    &movement_list::DEF,
    &customer_credit::DEF,
    &number_series_list::DEF,
    &issuer_profile::DEF,
];

/// The context `invoicing`.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[&document::INVOICE, &document::CREDIT_NOTE, &statement::STATEMENT],
    domain: &domain::invoicing::CONTEXT,
    projections: || {
        vec![
            RowProjection::<invoice_list::InvoiceList>::boxed(),
            RowProjection::<credit_note_list::CreditNoteList>::boxed(),
            RowProjection::<bill_list::BillList>::boxed(),
            RowProjection::<payment_list::PaymentList>::boxed(),
            RowProjection::<movement_list::MovementList>::boxed(),
            RowProjection::<customer_credit::CustomerCredit>::boxed(),
            RowProjection::<number_series_list::NumberSeriesList>::boxed(),
            RowProjection::<issuer_profile::IssuerProfile>::boxed(),
        ]
    },
    read_models: READ_MODELS,
    reports: reports::REPORTS,
};

#[cfg(test)]
mod tests;
