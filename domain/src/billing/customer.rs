//! A customer: who is billed, and under which id the payment provider knows them.
//!
//! The id is that of the contact or company in the CRM, or of a tenant where the platform itself is what is sold.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{Address, ExternalId, Key, Name, Note, Patch, patched, set};
use crate::kernel::{Aggregate, ClaimAction, Context, Decision, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// Scope of the claims on ids of payment providers.
pub const EXTERNAL_SCOPE: &str = "customer.external";
/// How many payment providers may know a customer.
const LINKS_MAX: usize = 10;

// ---------------------------------------------------------------------------------------------------------- events

/// What is known of a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillingProfile {
    /// The name on bills.
    #[schemars(extend("x-personal" = true))]
    pub name: Name,
    /// Where bills and reminders go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub email: Option<String>,
    /// The address on bills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub address: Option<Address>,
    /// ISO 3166-1 alpha-2 code of the country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Tax number, as the tax office writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub tax_id: Option<Text<64>>,
    /// Whether bills are without tax.
    #[serde(default)]
    pub tax_exempt: bool,
}

/// A customer was registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerRegistered {
    /// What is known.
    pub profile: BillingProfile,
}

/// What is known of the customer changed; the event holds all of it after the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerUpdated {
    /// What is known.
    pub profile: BillingProfile,
    /// Ids at payment providers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<Key, ExternalId>,
}

/// A payment provider knows the customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerLinked {
    /// The provider.
    pub provider: Key,
    /// Its id of the customer.
    pub external_id: ExternalId,
}

/// A payment provider knows the customer no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerUnlinked {
    /// The provider.
    pub provider: Key,
    /// The id that it gave.
    pub external_id: ExternalId,
}

/// What was personal about the customer was erased.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerErased {
    /// Why.
    pub reason: Note,
    /// The ids at payment providers, so that they can be asked to forget too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<Key, ExternalId>,
}

events! {
    /// What happens to a customer.
    pub enum CustomerEvent {
        CustomerRegistered = "customer_registered" 1,
        CustomerUpdated = "customer_updated" 1,
        CustomerLinked = "customer_linked" 1,
        CustomerUnlinked = "customer_unlinked" 1,
        CustomerErased = "customer_erased" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A customer's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// What is known; nothing before registration and after erasure.
    pub profile: Option<BillingProfile>,
    /// Whether what was personal was erased.
    pub erased: bool,
    /// Ids at payment providers.
    pub external_ids: BTreeMap<Key, ExternalId>,
}

impl Customer {
    /// The profile of a customer who can be billed.
    pub(super) fn billable<'a>(id: &str, context: &Context<'a>) -> Result<(&'a Self, &'a BillingProfile), Refusal> {
        let customer = context.get::<Self>(id)?.ok_or_else(|| CustomerRejection::Unknown(id.to_owned()))?;
        match &customer.profile {
            Some(profile) if !customer.erased => Ok((customer, profile)),
            _ => Err(CustomerRejection::Erased(id.to_owned()).into()),
        }
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Registers a customer, under the id that the CRM has for the contact or company.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterCustomer {
    /// The name on bills.
    pub name: Name,
    /// Where bills and reminders go.
    #[serde(default)]
    pub email: Option<Text<254>>,
    /// The address on bills.
    #[serde(default)]
    pub address: Option<Address>,
    /// ISO 3166-1 alpha-2 code of the country.
    #[serde(default)]
    pub country: Option<Text<2>>,
    /// Tax number, as the tax office writes it.
    #[serde(default)]
    pub tax_id: Option<Text<64>>,
    /// Whether bills are without tax.
    #[serde(default)]
    pub tax_exempt: bool,
}

/// Changes facts about a customer: an absent field stays, `null` clears it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateCustomer {
    /// The name on bills; cannot be cleared.
    pub name: Option<Name>,
    /// Where bills and reminders go.
    #[serde(deserialize_with = "patched")]
    pub email: Patch<Text<254>>,
    /// The address on bills, replaced as a whole.
    #[serde(deserialize_with = "patched")]
    pub address: Patch<Address>,
    /// ISO 3166-1 alpha-2 code of the country.
    #[serde(deserialize_with = "patched")]
    pub country: Patch<Text<2>>,
    /// Tax number, as the tax office writes it.
    #[serde(deserialize_with = "patched")]
    pub tax_id: Patch<Text<64>>,
    /// Whether bills are without tax.
    pub tax_exempt: Option<bool>,
}

/// Says under which id a payment provider knows the customer.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkCustomer {
    /// The provider, such as `stripe`.
    pub provider: Key,
    /// Its id of the customer; no other customer may have it.
    pub external_id: ExternalId,
}

/// Says that a payment provider knows the customer no more.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlinkCustomer {
    /// The provider, such as `stripe`.
    pub provider: Key,
}

/// Erases what is personal, here and at the payment providers. Bills and amounts stay.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseCustomer {
    /// Why, for the record: `request`, `retention` …
    pub reason: Note,
}

commands! {
    /// What can be asked of a customer.
    pub enum CustomerCommand {
        creates "register" => RegisterCustomer {
            "name": "Analytical Engines Ltd", "email": "accounts@example.com", "country": "GB",
            "address": { "street": "12 St James's Square", "postal_code": "SW1Y 4LB", "city": "London" }
        },
        "update" => UpdateCustomer { "tax_id": "GB123456789", "country": null },
        "link" => LinkCustomer { "provider": "stripe", "external_id": "cus_123" },
        "unlink" => UnlinkCustomer { "provider": "stripe" },
        "erase" => EraseCustomer { "reason": "request" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Customer {
    const CONTEXT: &'static str = "billing";
    const TYPE: &'static str = "customer";
    type Command = CustomerCommand;
    type Event = CustomerEvent;

    fn apply(&mut self, event: &CustomerEvent) {
        match event {
            CustomerEvent::CustomerRegistered(e) => self.profile = Some(e.profile.clone()),
            CustomerEvent::CustomerUpdated(e) => self.profile = Some(e.profile.clone()),
            CustomerEvent::CustomerLinked(e) => {
                self.external_ids.insert(e.provider.clone(), e.external_id.clone());
            }
            CustomerEvent::CustomerUnlinked(e) => {
                self.external_ids.remove(&e.provider);
            }
            CustomerEvent::CustomerErased(_) => {
                self.profile = None;
                self.erased = true;
            }
        }
    }

    fn handle(&self, command: CustomerCommand, context: &Context<'_>) -> Result<Decision<CustomerEvent>, Refusal> {
        let decided = match command {
            CustomerCommand::RegisterCustomer(command) => register(command),
            CustomerCommand::UpdateCustomer(command) => self.update(command, context),
            CustomerCommand::LinkCustomer(command) => self.link(command, context),
            CustomerCommand::UnlinkCustomer(command) => Ok(self.unlink(command)),
            CustomerCommand::EraseCustomer(_) if self.erased => Ok(Decision::nothing()),
            CustomerCommand::EraseCustomer(command) => {
                let external_ids = self.external_ids.clone();
                Ok(Decision::event(CustomerErased { reason: command.reason, external_ids }))
            }
        };
        Ok(decided?)
    }
}

cqrs_aggregate!(Customer);

/// An address of mail in lower case, or a refusal. Whether the mailbox exists only a mail can tell.
fn email_of(text: &str) -> Result<String, CustomerRejection> {
    let email = text.trim().to_lowercase();
    let valid = email.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.')) && email_address::EmailAddress::is_valid(&email);
    if valid { Ok(email) } else { Err(CustomerRejection::InvalidEmail(text.to_owned())) }
}

fn country_of(text: &str) -> Result<String, CustomerRejection> {
    let code = text.to_uppercase();
    let valid = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if valid { Ok(code) } else { Err(CustomerRejection::InvalidCountry(text.to_owned())) }
}

fn register(command: RegisterCustomer) -> Result<Decision<CustomerEvent>, CustomerRejection> {
    let RegisterCustomer { name, email, address, country, tax_id, tax_exempt } = command;
    let email = email.map(|email| email_of(&email)).transpose()?;
    let country = country.map(|country| country_of(&country)).transpose()?;
    Ok(Decision::event(CustomerRegistered { profile: BillingProfile { name, email, address, country, tax_id, tax_exempt } }))
}

impl Customer {
    fn known(&self, context: &Context<'_>) -> Result<&BillingProfile, CustomerRejection> {
        self.profile.as_ref().ok_or_else(|| CustomerRejection::Erased(context.aggregate_id.to_owned()))
    }

    fn update(&self, command: UpdateCustomer, context: &Context<'_>) -> Result<Decision<CustomerEvent>, CustomerRejection> {
        let before = self.known(context)?;
        let mut profile = before.clone();
        if let Some(name) = command.name {
            profile.name = name;
        }
        set(&mut profile.email, command.email.map(|email| email.map(|email| email_of(&email)).transpose()).transpose()?);
        set(&mut profile.country, command.country.map(|code| code.map(|code| country_of(&code)).transpose()).transpose()?);
        set(&mut profile.address, command.address);
        set(&mut profile.tax_id, command.tax_id);
        profile.tax_exempt = command.tax_exempt.unwrap_or(profile.tax_exempt);
        if profile == *before {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(CustomerUpdated { profile, external_ids: self.external_ids.clone() }))
    }

    fn link(&self, command: LinkCustomer, context: &Context<'_>) -> Result<Decision<CustomerEvent>, CustomerRejection> {
        let LinkCustomer { provider, external_id } = command;
        self.known(context)?;
        let before = self.external_ids.get(&provider);
        if before == Some(&external_id) {
            return Ok(Decision::nothing());
        }
        if before.is_none() && self.external_ids.len() >= LINKS_MAX {
            return Err(CustomerRejection::TooManyLinks(LINKS_MAX));
        }
        let mut decision = Decision::default();
        if let Some(before) = before {
            decision = decision.release(EXTERNAL_SCOPE, claimed(&provider, before));
        }
        let claim = claimed(&provider, &external_id);
        decision = decision.with_claim(ClaimAction::Take, EXTERNAL_SCOPE, claim, "external_id", None);
        Ok(decision.and(CustomerLinked { provider, external_id }))
    }

    fn unlink(&self, command: UnlinkCustomer) -> Decision<CustomerEvent> {
        let UnlinkCustomer { provider } = command;
        match self.external_ids.get(&provider).cloned() {
            None => Decision::nothing(),
            Some(external_id) => {
                let claim = claimed(&provider, &external_id);
                Decision::event(CustomerUnlinked { provider, external_id }).release(EXTERNAL_SCOPE, claim)
            }
        }
    }
}

fn claimed(provider: &Key, external_id: &ExternalId) -> String {
    format!("{provider}/{}", &**external_id)
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a customer refuses a command, or cannot be billed.
    pub enum CustomerRejection in "billing" {
        /// No such customer.
        #[error("There is no customer `{0}`; register it for billing first.")]
        Unknown(String) => "customer_unknown" ["customer_id"],
        /// Gone.
        #[error("The customer `{0}` was erased and cannot be billed or changed.")]
        Erased(String) => "customer_erased" ["customer_id", "id"],
        /// Not an email address.
        #[error("`{0}` is not an email address.")]
        InvalidEmail(String) => "invalid_email" ["email"],
        /// Not a country.
        #[error("`{0}` is not a country; give its two letters of ISO 3166-1, such as GB.")]
        InvalidCountry(String) => "invalid_country" ["country"],
        /// Too many providers.
        #[error("At most {0} payment providers may know a customer.")]
        TooManyLinks(usize) => "too_many_links" ["provider"],
    }
}

// ----------------------------------------------------------------------------------------------------------- tests

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};

    /// A customer of that name.
    pub fn registered(name: &str) -> CustomerRegistered {
        let profile = BillingProfile {
            name: name.to_owned().try_into().unwrap(),
            email: None,
            address: None,
            country: None,
            tax_id: None,
            tax_exempt: false,
        };
        CustomerRegistered { profile }
    }

    fn acme() -> Given<Customer> {
        given([registered("Acme").into()])
    }

    fn stripe(id: &str) -> CustomerLinked {
        CustomerLinked { provider: "stripe".to_owned().try_into().unwrap(), external_id: id.to_owned().try_into().unwrap() }
    }

    #[test]
    fn a_customer_is_registered_with_a_normal_address() {
        let body = json!({ "name": "Acme", "email": "Accounts@Example.com", "country": "gb" });
        let given = given_nothing::<Customer>().when_json("register", &body).then_accepted();
        let profile = given.state().profile.as_ref().unwrap();
        assert_eq!((profile.email.as_deref(), profile.country.as_deref()), (Some("accounts@example.com"), Some("GB")));
        given_nothing::<Customer>().when_json("register", &json!({ "name": "x", "email": "x@y" })).then_rejected("billing.invalid_email");
        given_nothing::<Customer>().when_json("register", &json!({ "name": "x", "country": "1" })).then_rejected("billing.invalid_country");
    }

    #[test]
    fn an_update_changes_only_what_it_names() {
        let body = json!({ "tax_exempt": true, "email": "a@b.io" });
        let given = acme().when_json("update", &body).then_accepted().when_json("update", &body).then_nothing();
        let given = given.when_json("update", &json!({ "email": null })).then_accepted();
        let profile = given.state().profile.as_ref().unwrap();
        assert_eq!((&*profile.name, &profile.email, profile.tax_exempt), ("Acme", &None, true));
        given.when_json("update", &json!({ "country": "G1" })).then_rejected("billing.invalid_country");
    }

    #[test]
    fn one_customer_has_an_id_of_a_provider() {
        let body = json!({ "provider": "stripe", "external_id": "cus_1" });
        let then = acme().when_json("link", &body);
        assert_eq!((then.claims()[0].scope, then.claims()[0].key.as_str()), (EXTERNAL_SCOPE, "stripe/cus_1"));
        let given = then.then([stripe("cus_1").into()]).when_json("link", &body).then_nothing();
        let then = given.when_json("link", &json!({ "provider": "stripe", "external_id": "cus_2" }));
        assert_eq!(then.claims()[0].action, ClaimAction::Release);
        let given = then.then([stripe("cus_2").into()]);
        let CustomerLinked { provider, external_id } = stripe("cus_2");
        given
            .when_json("unlink", &json!({ "provider": "stripe" }))
            .then([CustomerUnlinked { provider, external_id }.into()])
            .when_json("unlink", &json!({ "provider": "stripe" }))
            .then_nothing();
    }

    #[test]
    fn the_number_of_providers_is_bounded() {
        let links = (0..10).map(|n| {
            let linked = stripe("x");
            CustomerLinked { provider: format!("p{n}").try_into().unwrap(), ..linked }.into()
        });
        let given = given::<Customer>(std::iter::once(registered("Acme").into()).chain(links));
        given.when_json("link", &json!({ "provider": "p10", "external_id": "x" })).then_rejected("billing.too_many_links");
    }

    #[test]
    fn an_erased_customer_keeps_nothing_personal_and_tells_the_providers() {
        let given = given::<Customer>([registered("Acme").into(), stripe("cus_1").into()]);
        let erased = given.when_json("erase", &json!({ "reason": "request" })).then_accepted();
        assert_eq!((&erased.state().profile, erased.state().external_ids.len()), (&None, 1));
        let erased = erased.when_json("erase", &json!({ "reason": "request" })).then_nothing();
        erased.when_json("update", &json!({ "name": "x" })).then_rejected("billing.customer_erased");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<Customer>();
    }
}
