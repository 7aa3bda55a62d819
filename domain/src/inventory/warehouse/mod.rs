//! A warehouse: a place that holds stock, from a hall to a van.
//!
//! A warehouse with stock is not closed, and a closed one takes no stock. Which of its items hold stock is written down in
//! [sections](section::WarehouseSection), so that goods of different products come and go without waiting for each other.

pub mod section;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::section::{SECTIONS, WarehouseSection, section_id};
use super::values::{Name, Reference, check_part_id, slug};
use crate::kernel::{Aggregate, AggregateId, Context, Decision, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// The warehouse of commands that name none. Every tenant starts with it.
pub const DEFAULT_WAREHOUSE: &str = "main";

/// Where a warehouse is: lines of a postal address.
pub type Place = Text<500>;

// ---------------------------------------------------------------------------------------------------------- events

/// A warehouse was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarehouseOpened {
    /// What people call it.
    pub name: Name,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Place>,
}

/// The warehouse has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarehouseRenamed {
    /// The new name.
    pub name: Name,
}

/// The warehouse, which was empty, takes no more stock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarehouseClosed {}

/// The warehouse takes stock again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarehouseReopened {}

events! {
    /// What happens to a warehouse.
    pub enum WarehouseEvent {
        WarehouseOpened = "warehouse_opened" 1,
        WarehouseRenamed = "warehouse_renamed" 1,
        WarehouseClosed = "warehouse_closed" 1,
        WarehouseReopened = "warehouse_reopened" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A warehouse's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Warehouse {
    /// What people call it; empty before it is opened.
    pub name: String,
    /// Where it is.
    pub address: Option<Place>,
    /// Whether it takes no stock.
    pub closed: bool,
}

impl Warehouse {
    /// The warehouse of that id, if it takes stock. The decision holds only while it stays open.
    pub(super) fn accepting<'a>(id: &str, context: &Context<'a>) -> Result<&'a Self, Refusal> {
        match context.get::<Self>(id)? {
            None => Err(WarehouseRejection::Unknown(id.to_owned()).into()),
            Some(warehouse) if warehouse.closed => Err(WarehouseRejection::Closed(id.to_owned()).into()),
            Some(warehouse) => Ok(warehouse),
        }
    }

    /// The id of the warehouse that a command or a file names: by id, by a name that is the id when written small and with hyphens, or
    /// not at all.
    pub(super) fn named(name: Option<&Reference>, context: &Context<'_>) -> Result<String, Refusal> {
        let Some(name) = name else { return Ok(DEFAULT_WAREHOUSE.to_owned()) };
        let unknown = || WarehouseRejection::Unknown(name.to_string());
        if let Ok(id) = AggregateId::try_from(name.to_string())
            && context.get::<Self>(id.as_str())?.is_some()
        {
            return Ok(id.into());
        }
        let id = AggregateId::try_from(slug(name)).map_err(|_| unknown())?;
        if id.as_str() == &**name {
            return Err(unknown().into());
        }
        match context.get::<Self>(id.as_str())? {
            Some(_) => Ok(id.into()),
            None => Err(unknown().into()),
        }
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Opens a warehouse. Its id may hold no colon and at most 50 characters.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenWarehouse {
    /// What people call it.
    pub name: Name,
    /// Where it is.
    #[serde(default)]
    pub address: Option<Place>,
}

/// Gives a warehouse another name.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameWarehouse {
    /// The new name.
    pub name: Name,
}

/// Closes a warehouse that holds no stock.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseWarehouse {}

/// Opens a closed warehouse again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenWarehouse {}

commands! {
    /// What can be asked of a warehouse.
    pub enum WarehouseCommand {
        creates "open" => OpenWarehouse { "name": "Hamburg", "address": "Am Kai 7\n20457 Hamburg" },
        "rename" => RenameWarehouse { "name": "Hamburg harbour" },
        "close" => CloseWarehouse {},
        "reopen" => ReopenWarehouse {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Warehouse {
    const CONTEXT: &'static str = "inventory";
    const TYPE: &'static str = "warehouse";
    type Command = WarehouseCommand;
    type Event = WarehouseEvent;

    fn apply(&mut self, event: &WarehouseEvent) {
        match event {
            WarehouseEvent::WarehouseOpened(e) => {
                self.name = e.name.to_string();
                self.address.clone_from(&e.address);
            }
            WarehouseEvent::WarehouseRenamed(e) => self.name = e.name.to_string(),
            WarehouseEvent::WarehouseClosed(_) => self.closed = true,
            WarehouseEvent::WarehouseReopened(_) => self.closed = false,
        }
    }

    fn handle(&self, command: WarehouseCommand, context: &Context<'_>) -> Result<Decision<WarehouseEvent>, Refusal> {
        match command {
            WarehouseCommand::OpenWarehouse(command) => {
                check_part_id(context.aggregate_id)?;
                Ok(Decision::event(WarehouseOpened { name: command.name, address: command.address }))
            }
            WarehouseCommand::RenameWarehouse(command) if *command.name == *self.name => Ok(Decision::nothing()),
            WarehouseCommand::RenameWarehouse(command) => Ok(Decision::event(WarehouseRenamed { name: command.name })),
            WarehouseCommand::CloseWarehouse(_) => self.close(context),
            WarehouseCommand::ReopenWarehouse(_) if !self.closed => Ok(Decision::nothing()),
            WarehouseCommand::ReopenWarehouse(_) => Ok(Decision::event(WarehouseReopened {})),
        }
    }
}

cqrs_aggregate!(Warehouse);

impl Warehouse {
    fn close(&self, context: &Context<'_>) -> Result<Decision<WarehouseEvent>, Refusal> {
        if self.closed {
            return Ok(Decision::nothing());
        }
        let mut stocked = 0;
        for number in 0..SECTIONS {
            let section = context.get::<WarehouseSection>(&section_id(context.aggregate_id, number))?;
            stocked += section.map_or(0, |section| section.stocked);
        }
        if stocked > 0 {
            return Err(WarehouseRejection::NotEmpty(stocked).into());
        }
        Ok(Decision::event(WarehouseClosed {}))
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a warehouse refuses a command, or stock.
    pub enum WarehouseRejection in "inventory" {
        /// No such warehouse.
        #[error("There is no warehouse `{0}`; open it first.")]
        Unknown(String) => "warehouse_unknown" ["warehouse_id"],
        /// The warehouse takes no stock.
        #[error("The warehouse `{0}` is closed; reopen it, or choose another.")]
        Closed(String) => "warehouse_closed" ["warehouse_id"],
        /// The warehouse holds stock.
        #[error("The warehouse still holds stock of {0} products; ship it, adjust it or transfer it first.")]
        NotEmpty(i64) => "warehouse_not_empty" ["id"],
    }
}

#[cfg(test)]
mod tests;
