//! Looks up which open invoice a customer's payment is for. Processes know events only; what is open stands in a read model.

use std::sync::Arc;

use async_trait::async_trait;
use domain::invoicing::matching::names;
use domain::kernel::StepCommand;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgPool;
use workers::processes::{EffectError, EffectHandler, EffectStep};

/// How many open invoices of a customer are looked at; whoever has more says what a payment is for.
const INVOICES_MAX: i64 = 1_000;

/// The effect `invoicing.match`. The pool is of the worker role.
pub fn handler(pool: &PgPool) -> Arc<dyn EffectHandler> {
    Arc::new(Matching { pool: pool.clone() })
}

struct Matching {
    pool: PgPool,
}

/// What it needs to know of the payment.
#[derive(Deserialize)]
struct Unmatched {
    payment_id: String,
    customer_id: String,
    reference: String,
    currency: String,
}

#[async_trait]
impl EffectHandler for Matching {
    fn name(&self) -> &'static str {
        "invoicing.match"
    }

    async fn run(&self, step: &EffectStep) -> Result<Vec<StepCommand>, EffectError> {
        const OPEN: &str = "SELECT id, number FROM invoicing_invoice_list \
            WHERE tenant_id = $1 AND customer_id = $2 AND currency = $3 AND open_minor > 0 AND number IS NOT NULL LIMIT $4";
        let payment: Unmatched = serde_json::from_value(step.body.clone())
            .map_err(|error| EffectError::Refused { reason: format!("the step cannot be read: {error}") })?;
        let query = sqlx::query_as(OPEN).bind(step.tenant_id.0).bind(&payment.customer_id).bind(&payment.currency).bind(INVOICES_MAX + 1);
        let open: Vec<(String, String)> = query
            .fetch_all(&self.pool)
            .await
            .map_err(|error| EffectError::Retry { reason: format!("the read model cannot be read: {error}"), after: None })?;
        // Of some invoices alone nobody can tell whether the payment names one.
        let known = i64::try_from(open.len()).is_ok_and(|count| count <= INVOICES_MAX);
        Ok(if known { allocation(&payment, &open).into_iter().collect() } else { Vec::new() })
    }
}

/// The command that allocates a payment to the only invoice that it names.
fn allocation(payment: &Unmatched, open: &[(String, String)]) -> Option<StepCommand> {
    let mut named = open.iter().filter(|(_, number)| names(&payment.reference, number));
    let (Some((invoice_id, _)), None) = (named.next(), named.next()) else { return None };
    Some(StepCommand {
        context: "invoicing".to_owned(),
        aggregate: "customer-payment".to_owned(),
        id: payment.payment_id.clone(),
        command: "allocate".to_owned(),
        body: json!({ "invoice_id": invoice_id }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_allocated_to_the_only_open_invoice_that_it_names() {
        let open = [("i-1".to_owned(), "INV-0001".to_owned()), ("i-2".to_owned(), "INV-0002".to_owned())];
        let of = |reference: &str| {
            let payment = Unmatched {
                payment_id: "p".to_owned(),
                customer_id: "c".to_owned(),
                reference: reference.to_owned(),
                currency: "EUR".to_owned(),
            };
            allocation(&payment, &open).map(|command| command.body["invoice_id"].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(of("Invoice INV 0002").as_deref(), Some("i-2"));
        assert_eq!(of("INV-0001 and INV-0002"), None, "which part is for which, somebody must say");
        assert_eq!(of("thank you"), None);
    }
}
