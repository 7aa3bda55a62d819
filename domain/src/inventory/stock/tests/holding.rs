//! Reservations and allocations of one item.

use super::*;

fn reserve(id: &str, quantity: i64) -> Value {
    json!({ "reservation_id": id, "quantity": quantity, "ttl_seconds": 60, "reference": "cart" })
}

fn hold(id: &str) -> Value {
    json!({ "reservation_id": id })
}

/// Ten pieces, seven of them reserved until a minute past noon.
fn reserved() -> Given<StockItem> {
    fifo().received("R-1", 1, 10, 1000).when_json("reserve", &reserve("a", 7)).then_accepted()
}

fn goods() -> Goods {
    Goods { product_id: "tea".into(), sku: text("TEA"), warehouse_id: "main".into() }
}

const LATER: &str = "2026-03-09T12:01:00Z";

#[test]
fn no_more_is_reserved_than_is_available() {
    let given = reserved().when_json("reserve", &reserve("a", 7)).then_nothing();
    let given = given.when_json("reserve", &reserve("b", 3)).then_accepted();
    given.when_json("reserve", &reserve("c", 1)).then_rejected("inventory.insufficient_stock");
    reserved().when_json("reserve", &reserve("a", 6)).then_rejected("inventory.reservation_exists");
    shared().when_json("reserve", &reserve("j", 1)).then_rejected("inventory.reservation_exists");
}

/// An item with one piece that a reservation of several items keeps until noon.
fn shared() -> Given<StockItem> {
    let opened = StockItemOpened {
        goods: goods(),
        product_name: "Tea".into(),
        unit: text("bag"),
        currency: Currency::EUR,
        valuation: Valuation::Fifo,
        warehouse_name: "Main".into(),
        safety_stock: 0,
        reorder_point: None,
        reorder_quantity: None,
        discontinued: false,
    };
    let reserved = StockReserved {
        reservation_id: "j".into(),
        goods: goods(),
        quantity: 1,
        expires_at: "2026-03-09T12:00:00Z".parse().unwrap(),
        joint: true,
        reference: None,
        kept: Kept { reserved: 1, allocated: 0 },
    };
    given([opened.into(), reserved.into()])
        .named(ITEM)
        .at("2026-03-09T11:00:00Z")
        .and::<Product>("tea", [product(Valuation::Fifo, ProductFacts::default())])
}

#[test]
fn an_expired_reservation_keeps_nothing_even_before_it_is_tidied_up() {
    let given = reserved().at(LATER).when_json("reserve", &reserve("b", 10)).then_accepted();
    let expired = |reserved| {
        let kept = Kept { reserved, allocated: 0 };
        StockReservationExpired { reservation_id: "a".into(), goods: goods(), quantity: 7, kept }
    };
    let given = given.when_json("expire-reservations", &json!({})).then([expired(10).into()]);
    given.when_json("expire-reservations", &json!({})).then_nothing();
    reserved().when_json("expire-reservations", &json!({})).then_nothing();
    let again = StockReserved {
        reservation_id: "a".into(),
        goods: goods(),
        quantity: 7,
        expires_at: "2026-03-09T12:02:00Z".parse().unwrap(),
        joint: false,
        reference: Some(text("cart")),
        kept: Kept { reserved: 7, allocated: 0 },
    };
    reserved().at(LATER).when_json("reserve", &reserve("a", 7)).then([expired(0).into(), again.into()]);
}

#[test]
fn a_reservation_becomes_an_allocation_once() {
    let kept = Kept { reserved: 0, allocated: 7 };
    let allocated =
        StockAllocated { reservation_id: "a".into(), goods: goods(), quantity: 7, joint: false, reference: Some(text("cart")), kept };
    let given = reserved().when_json("allocate", &hold("a")).then([allocated.into()]).when_json("allocate", &hold("a")).then_nothing();
    let given = given.at(LATER).when_json("expire-reservations", &json!({})).then_nothing();
    assert_eq!((given.state().allocated(), given.state().level()), (7, 3));
    let given = given.when_json("allocate", &json!({ "reservation_id": "a", "quantity": 5 })).then_accepted();
    assert_eq!(given.state().allocated(), 5, "the rest is free");
    given.when_json("allocate", &json!({ "reservation_id": "a", "quantity": 6 })).then_rejected("inventory.exceeds_reservation");
}

#[test]
fn an_expired_reservation_is_allocated_only_while_the_goods_are_there() {
    reserved().at(LATER).when_json("allocate", &hold("a")).then_accepted();
    let taken = reserved().at(LATER).when_json("reserve", &reserve("b", 4)).then_accepted();
    taken.when_json("allocate", &hold("a")).then_rejected("inventory.insufficient_stock");
    let lost = json!({ "movement_id": "A-1", "quantity": -4, "reason": "lost" });
    let given = reserved().when_json("adjust", &lost).then_accepted();
    given.when_json("allocate", &hold("a")).then_rejected("inventory.insufficient_stock");
}

#[test]
fn available_pieces_are_allocated_without_a_reservation() {
    let body = json!({ "reservation_id": "b", "quantity": 3 });
    let given = reserved().when_json("allocate", &body).then_accepted().when_json("allocate", &body).then_nothing();
    given.when_json("allocate", &json!({ "reservation_id": "c", "quantity": 1 })).then_rejected("inventory.insufficient_stock");
    reserved().when_json("allocate", &hold("b")).then_rejected("inventory.quantity_missing");
}

#[test]
fn a_release_frees_what_was_kept_once() {
    let released = StockReleased { reservation_id: "a".into(), goods: goods(), quantity: 7, kept: Kept::default() };
    let given = reserved().when_json("release", &hold("a")).then([released.into()]);
    given.when_json("release", &hold("a")).then_rejected("inventory.reservation_unknown");
}

#[test]
fn a_shipment_takes_what_is_kept_for_it_and_nothing_else() {
    let ship = |id: &str, reservation: &str| json!({ "movement_id": id, "reservation_id": reservation });
    let given = reserved().when_json("ship", &ship("S-1", "a")).then_accepted();
    assert_eq!((balance(&given), given.state().holds.len()), ((3, 300), 0));
    let given = given.and::<StockMovement>("S-1", [document(Kind::Shipment, 7, 700)]);
    let given = given.when_json("ship", &ship("S-1", "a")).then_nothing();
    given.when_json("ship", &ship("S-2", "a")).then_rejected("inventory.reservation_unknown");
    let part = json!({ "movement_id": "S-1", "reservation_id": "a", "quantity": 5 });
    let given = reserved().when_json("ship", &part).then_accepted();
    assert_eq!(given.state().holds["a"].quantity, 2);
    let more = json!({ "movement_id": "S-2", "reservation_id": "a", "quantity": 3 });
    given.when_json("ship", &more).then_rejected("inventory.exceeds_reservation");
    reserved().when_json("ship", &json!({ "movement_id": "S-1", "quantity": 4 })).then_rejected("inventory.insufficient_stock");
    let taken = reserved().at(LATER).when_json("reserve", &reserve("b", 4)).then_accepted();
    taken.when_json("ship", &ship("S-1", "a")).then_rejected("inventory.insufficient_stock");
}

#[test]
fn what_several_items_share_is_changed_together_only() {
    shared().when_json("release", &hold("j")).then_rejected("inventory.reservation_is_joint");
    shared().when_json("allocate", &hold("j")).then_rejected("inventory.reservation_is_joint");
    let ship = json!({ "movement_id": "S-1", "reservation_id": "j" });
    shared().when_json("ship", &ship).then_rejected("inventory.reservation_is_joint");
    shared().at(LATER).when_json("expire-reservations", &json!({})).then_nothing();
}

#[test]
fn an_item_has_only_so_many_reservations() {
    let mut given = fifo().received("R-1", 1, 10_000, 0);
    for number in 0..HOLDS_MAX {
        given = given.when_json("reserve", &reserve(&number.to_string(), 1)).then_accepted();
    }
    given.when_json("reserve", &reserve("x", 1)).then_rejected("inventory.too_many_reservations");
}
