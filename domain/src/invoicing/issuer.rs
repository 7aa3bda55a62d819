//! The issuer: who sends the tenant's invoices, as they stand on them, and how customers are reminded. There is one, with the id `default`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{Address, Email, Label, Name, Note, Patch, patched, set};
use crate::kernel::{Aggregate, Context, Decision, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// The id of the tenant's issuer.
pub const ISSUER: &str = "default";
/// How many reminders an invoice leads to at most.
const REMINDERS_MAX: usize = 10;
/// The latest day after the due day on which a reminder is sent.
const REMINDER_DAYS_MAX: u16 = 730;
/// The longest time that customers have to pay, in days.
pub const TERMS_DAYS_MAX: u16 = 365;
/// The time that customers have to pay where nobody says so, in days.
const TERMS_DAYS: u16 = 30;
/// The days after the due day on which customers are reminded where nobody says so.
const REMINDER_DAYS: [u16; 3] = [7, 14, 30];

/// Where customers pay to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BankAccount {
    /// Whose account it is, where it is not the issuer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Name>,
    /// International or national account number.
    pub number: Label,
    /// BIC, routing number or sort code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<Label>,
    /// The bank's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_name: Option<Name>,
}

/// The issuer as it stands on invoices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IssuerFacts {
    /// Its name.
    pub name: Name,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Its tax number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<Label>,
    /// Its number in the register of companies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_number: Option<Label>,
    /// Its email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Its telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Label>,
    /// Its website.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<Name>,
    /// Where customers pay to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<BankAccount>,
    /// What invoices say about paying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_note: Option<Note>,
    /// What stands at the foot of each page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<Text<300>>,
}

// ---------------------------------------------------------------------------------------------------------- events

/// It was said who sends the invoices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IssuerDefined {
    /// The issuer.
    pub facts: IssuerFacts,
    /// The time that customers have to pay, in days.
    pub payment_terms_days: u16,
    /// The days after the due day on which customers are reminded, in order.
    pub reminder_days: Vec<u16>,
}

events! {
    /// What happens to the issuer.
    pub enum IssuerEvent {
        IssuerDefined = "issuer_defined" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// The issuer's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Issuer {
    /// Who it is; nothing before it is defined.
    pub facts: Option<IssuerFacts>,
    /// The time that customers have to pay, in days.
    pub payment_terms_days: u16,
    /// The days after the due day on which customers are reminded, in order.
    pub reminder_days: Vec<u16>,
}

impl Default for Issuer {
    fn default() -> Self {
        Self { facts: None, payment_terms_days: TERMS_DAYS, reminder_days: REMINDER_DAYS.to_vec() }
    }
}

impl Issuer {
    /// The tenant's issuer, or what counts where none is defined.
    pub(super) fn of_tenant(context: &Context<'_>) -> Result<Self, Refusal> {
        Ok(context.get::<Self>(ISSUER)?.cloned().unwrap_or_default())
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Says who sends the invoices. An absent field stays, `null` clears it. Invoices that are final keep what stands on them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DefineIssuer {
    /// The name; required the first time, cannot be cleared.
    pub name: Option<Name>,
    /// The address.
    #[serde(deserialize_with = "patched")]
    pub address: Patch<Address>,
    /// The tax number.
    #[serde(deserialize_with = "patched")]
    pub tax_id: Patch<Label>,
    /// The number in the register of companies.
    #[serde(deserialize_with = "patched")]
    pub registration_number: Patch<Label>,
    /// The email address.
    #[serde(deserialize_with = "patched")]
    pub email: Patch<Email>,
    /// The telephone number.
    #[serde(deserialize_with = "patched")]
    pub phone: Patch<Label>,
    /// The website.
    #[serde(deserialize_with = "patched")]
    pub website: Patch<Name>,
    /// Where customers pay to.
    #[serde(deserialize_with = "patched")]
    pub bank_account: Patch<BankAccount>,
    /// What invoices say about paying.
    #[serde(deserialize_with = "patched")]
    pub payment_note: Patch<Note>,
    /// What stands at the foot of each page.
    #[serde(deserialize_with = "patched")]
    pub footer: Patch<Text<300>>,
    /// The time that customers have to pay where an invoice does not say, in days, at most 365; 30 until it is set.
    #[schemars(range(max = 365))]
    pub payment_terms_days: Option<u16>,
    /// The days after the due day on which customers are reminded, each later than the one before, at most 10; 7, 14 and 30
    /// until they are set.
    pub reminder_days: Option<Vec<u16>>,
}

commands! {
    /// What can be asked of the issuer.
    pub enum IssuerCommand {
        either "define" => DefineIssuer {
            "name": "Analytical Engines Ltd.", "tax_id": "GB123456789",
            "address": { "street": "1 Dorset Street", "postal_code": "W1U 4EG", "city": "London", "country": "GB" },
            "bank_account": { "number": "GB33BUKB20201555555555", "bank_code": "BUKBGB22" }, "reminder_days": [7, 21]
        },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Issuer {
    const CONTEXT: &'static str = "invoicing";
    const TYPE: &'static str = "issuer";
    type Command = IssuerCommand;
    type Event = IssuerEvent;

    fn apply(&mut self, event: &IssuerEvent) {
        let IssuerEvent::IssuerDefined(e) = event;
        self.facts = Some(e.facts.clone());
        self.payment_terms_days = e.payment_terms_days;
        self.reminder_days.clone_from(&e.reminder_days);
    }

    fn handle(&self, command: IssuerCommand, context: &Context<'_>) -> Result<Decision<IssuerEvent>, Refusal> {
        let IssuerCommand::DefineIssuer(command) = command;
        if context.aggregate_id != ISSUER {
            return Err(IssuerRejection::NotTheIssuer.into());
        }
        Ok(self.define(command)?)
    }
}

cqrs_aggregate!(Issuer);

impl Issuer {
    fn define(&self, command: DefineIssuer) -> Result<Decision<IssuerEvent>, IssuerRejection> {
        let name = command.name.or_else(|| self.facts.as_ref().map(|facts| facts.name.clone())).ok_or(IssuerRejection::NoName)?;
        let mut facts = match &self.facts {
            Some(facts) => IssuerFacts { name, ..facts.clone() },
            None => IssuerFacts {
                name,
                address: None,
                tax_id: None,
                registration_number: None,
                email: None,
                phone: None,
                website: None,
                bank_account: None,
                payment_note: None,
                footer: None,
            },
        };
        set(&mut facts.address, command.address);
        set(&mut facts.tax_id, command.tax_id);
        set(&mut facts.registration_number, command.registration_number);
        set(&mut facts.email, command.email);
        set(&mut facts.phone, command.phone);
        set(&mut facts.website, command.website);
        set(&mut facts.bank_account, command.bank_account);
        set(&mut facts.payment_note, command.payment_note);
        set(&mut facts.footer, command.footer);
        let payment_terms_days = command.payment_terms_days.unwrap_or(self.payment_terms_days);
        if payment_terms_days > TERMS_DAYS_MAX {
            return Err(IssuerRejection::Terms(TERMS_DAYS_MAX));
        }
        let reminder_days = command.reminder_days.unwrap_or_else(|| self.reminder_days.clone());
        let rising = reminder_days.windows(2).all(|pair| pair[0] < pair[1]);
        let possible = reminder_days.iter().all(|days| (1..=REMINDER_DAYS_MAX).contains(days));
        if reminder_days.len() > REMINDERS_MAX || !rising || !possible {
            return Err(IssuerRejection::Reminders(REMINDERS_MAX, REMINDER_DAYS_MAX));
        }
        let defined = Self { facts: Some(facts.clone()), payment_terms_days, reminder_days };
        if defined == *self {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(IssuerDefined { facts, payment_terms_days, reminder_days: defined.reminder_days }))
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why the issuer refuses a command.
    pub enum IssuerRejection in "invoicing" {
        /// Another id.
        #[error("There is one issuer, and its id is `default`; send the command there.")]
        NotTheIssuer => "issuer_unknown" ["id"],
        /// Nobody.
        #[error("Give the issuer's name.")]
        NoName => "issuer_without_name" ["name"],
        /// Time to pay.
        #[error("Customers have at most {0} days to pay.")]
        Terms(u16) => "payment_terms_invalid" ["payment_terms_days"],
        /// Reminders that cannot be sent.
        #[error("Up to {0} reminders are sent, each 1 to {1} days after the due day and later than the one before.")]
        Reminders(usize, u16) => "reminder_days_invalid" ["reminder_days"],
    }
}

// ----------------------------------------------------------------------------------------------------------- tests

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::testing::{assert_examples_decode, given, given_nothing};

    fn only(name: &str) -> IssuerFacts {
        serde_json::from_value(json!({ "name": name })).unwrap()
    }

    #[test]
    fn only_the_tenants_one_issuer_can_be_defined() {
        given_nothing::<Issuer>().when_json("define", &json!({ "name": "Engines" })).then_rejected("invoicing.issuer_unknown");
    }

    #[test]
    fn an_absent_field_stays_and_null_clears_it() {
        let define = |issuer: &Issuer, body| issuer.define(serde_json::from_value(body).unwrap()).map(|decision| decision.events);
        let first = define(&Issuer::default(), json!({ "name": "Engines", "phone": "1" })).unwrap();
        let IssuerEvent::IssuerDefined(event) = &first[0];
        assert_eq!((event.payment_terms_days, event.reminder_days.as_slice()), (30, &[7, 14, 30][..]));
        let given = given::<Issuer>(first);
        assert_eq!(define(given.state(), json!({ "phone": "1" })).unwrap(), []);
        let expected = IssuerDefined { facts: only("Engines"), payment_terms_days: 14, reminder_days: vec![] };
        let changed = define(given.state(), json!({ "phone": null, "payment_terms_days": 14, "reminder_days": [] })).unwrap();
        assert_eq!(changed, [expected.into()]);
    }

    #[test]
    fn impossible_issuers_are_refused() {
        let refused = |body| Issuer::default().define(serde_json::from_value(body).unwrap()).unwrap_err();
        assert_eq!(refused(json!({ "phone": "1" })), IssuerRejection::NoName);
        assert_eq!(refused(json!({ "name": "x", "payment_terms_days": 366 })), IssuerRejection::Terms(365));
        for days in [json!([7, 7]), json!([0]), json!([731]), json!((1..=11).collect::<Vec<u16>>())] {
            assert_eq!(refused(json!({ "name": "x", "reminder_days": days })), IssuerRejection::Reminders(10, 730), "{days}");
        }
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<Issuer>();
    }
}
