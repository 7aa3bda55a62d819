//! Plans as products and prices.

use async_trait::async_trait;
use domain::kernel::{Money, StepCommand, TenantId};
use serde::Deserialize;
use serde_json::json;

use super::{Effect, Shared};
use crate::amount::to_stripe;
use crate::api::NewPrice;
use crate::decide::command;
use crate::{ApiError, PROVIDER};

/// `stripe.price`: makes the price of a version of a plan, unless one was made by hand and configured.
pub struct Price;

/// What it needs.
#[derive(Debug, Deserialize)]
pub struct PriceBody {
    plan_id: String,
    version: u32,
    name: String,
    price: Money,
    interval: Interval,
}

#[derive(Debug, Deserialize)]
struct Interval {
    unit: String,
    count: u16,
}

#[async_trait]
impl Effect for Price {
    type Body = PriceBody;
    const NAME: &'static str = "stripe.price";

    async fn run(stripe: &Shared, tenant: TenantId, _: &str, body: PriceBody) -> Result<Vec<StepCommand>, ApiError> {
        let linked = |product: Option<String>, price: &str| {
            let link = json!({ "version": body.version, "provider": PROVIDER, "product_id": product, "price_id": price });
            vec![command("plan", &body.plan_id, "link", link)]
        };
        if let Some((_, price)) = stripe.options.prices.iter().find(|(plan, _)| *plan == body.plan_id) {
            return Ok(linked(None, price));
        }
        let Some(amount) = to_stripe(body.price) else {
            return Err(ApiError::Refused {
                code: "amount_not_expressible".to_owned(),
                message: format!("Stripe cannot express {}", body.price),
            });
        };
        let price = NewPrice {
            tenant,
            plan_id: body.plan_id.clone(),
            version: body.version,
            name: body.name.clone(),
            amount,
            currency: body.price.currency.code().to_ascii_lowercase(),
            interval: body.interval.unit.clone(),
            interval_count: body.interval.count,
        };
        let made = stripe.api.create_price(&price, &format!("price/{tenant}/{}/{}", body.plan_id, body.version)).await?;
        Ok(linked(Some(price.product_id()), &made.id))
    }
}

/// `stripe.retire_price`: takes the price of a plan from sale. Prices that were made by hand are left alone.
pub struct RetirePrice;

/// What it needs.
#[derive(Debug, Deserialize)]
pub struct RetirePriceBody {
    plan_id: String,
    link: Option<Link>,
}

#[derive(Debug, Deserialize)]
struct Link {
    price_id: String,
}

#[async_trait]
impl Effect for RetirePrice {
    type Body = RetirePriceBody;
    const NAME: &'static str = "stripe.retire_price";

    async fn run(stripe: &Shared, tenant: TenantId, _: &str, body: RetirePriceBody) -> Result<Vec<StepCommand>, ApiError> {
        let told = body.link.map(|link| link.price_id);
        let price = match told {
            Some(price) => Some(price),
            None => stripe.lookup.price_of(tenant, &body.plan_id).await?,
        };
        match price.filter(|price| !stripe.options.prices.iter().any(|(_, configured)| configured == price)) {
            None => Ok(Vec::new()),
            Some(price) => match stripe.api.retire_price(&price).await {
                Ok(()) | Err(ApiError::Missing(_)) => Ok(Vec::new()),
                Err(error) => Err(error),
            },
        }
    }
}
