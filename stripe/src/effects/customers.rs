//! Customers, as Stripe knows them.

use std::time::Duration;

use async_trait::async_trait;
use domain::kernel::{StepCommand, TenantId};
use serde::Deserialize;

use super::{Effect, Shared};
use crate::decide::{link, unlink};
use crate::lookup::Profile;
use crate::{ApiError, PROVIDER};

/// `stripe.customer`: makes, changes or forgets a customer.
pub struct Customer;

/// What it needs.
#[derive(Debug, Deserialize)]
pub struct CustomerBody {
    customer_id: String,
    profile: Option<TheirProfile>,
    #[serde(default)]
    external_ids: std::collections::HashMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct TheirProfile {
    name: String,
    email: Option<String>,
}

#[async_trait]
impl Effect for Customer {
    type Body = CustomerBody;
    const NAME: &'static str = "stripe.customer";

    async fn run(stripe: &Shared, tenant: TenantId, key: &str, body: CustomerBody) -> Result<Vec<StepCommand>, ApiError> {
        let CustomerBody { customer_id, profile, external_ids } = body;
        let mut known = external_ids.get(PROVIDER).cloned();
        if known.is_none() {
            let row = stripe.lookup.customer(tenant, &customer_id).await?;
            known = row.and_then(|row| row.external_id);
        }
        match (profile, known) {
            (Some(profile), None) => {
                let (_, commands) = create(stripe, tenant, &customer_id, &profile.name, profile.email.as_deref()).await?;
                Ok(commands)
            }
            (Some(profile), Some(id)) => match stripe.api.update_customer(&id, &profile.name, profile.email.as_deref(), key).await {
                Ok(()) => Ok(Vec::new()),
                Err(ApiError::Missing(_)) => Ok(vec![unlink(&customer_id)]),
                Err(error) => Err(error),
            },
            (None, Some(id)) => match stripe.api.delete_customer(&id).await {
                Ok(()) | Err(ApiError::Missing(_)) => Ok(vec![unlink(&customer_id)]),
                Err(error) => Err(error),
            },
            (None, None) => Ok(Vec::new()),
        }
    }
}

/// Makes a customer once: the key is the customer's own, whoever asks first.
async fn create(
    stripe: &Shared,
    tenant: TenantId,
    customer_id: &str,
    name: &str,
    email: Option<&str>,
) -> Result<(String, Vec<StepCommand>), ApiError> {
    let id = stripe.api.create_customer(tenant, customer_id, name, email, &format!("customer/{tenant}/{customer_id}")).await?;
    let commands = vec![link(customer_id, &id)];
    Ok((id, commands))
}

/// Stripe's id of a customer who wants to buy or pay, who is made known to Stripe if need be: customers may be older than the account.
/// None for one who was erased.
pub async fn ensure(
    stripe: &Shared,
    tenant: TenantId,
    customer_id: &str,
    told: Option<String>,
) -> Result<Option<(String, Vec<StepCommand>)>, ApiError> {
    if let Some(id) = told {
        return Ok(Some((id, Vec::new())));
    }
    match stripe.lookup.customer(tenant, customer_id).await? {
        None => {
            let reason = format!("the read model does not know the customer {customer_id} yet");
            Err(ApiError::Passing { reason, after: Some(Duration::from_secs(2)) })
        }
        Some(Profile { external_id: Some(id), .. }) => Ok(Some((id, Vec::new()))),
        Some(Profile { name: Some(name), email, erased: false, .. }) => {
            create(stripe, tenant, customer_id, &name, email.as_deref()).await.map(Some)
        }
        Some(_) => Ok(None),
    }
}
