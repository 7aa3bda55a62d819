//! Objects with all the fields that the client's types require at the API version `2026-09-30.endive`, and a few more.

use serde_json::{Value, json};

/// A list as it is answered.
pub fn list(url: &str, data: &[Value], has_more: bool) -> Value {
    json!({ "object": "list", "url": url, "has_more": has_more, "data": data })
}

/// A customer.
pub fn customer(id: &str, created: i64, form: &Value) -> Value {
    json!({
        "id": id, "object": "customer", "created": created, "livemode": false, "name": form["name"], "email": form["email"],
        "metadata": metadata(form), "invoice_settings": { "default_payment_method": null }
    })
}

/// The metadata of a form.
pub fn metadata(form: &Value) -> Value {
    if form["metadata"].is_object() { form["metadata"].clone() } else { json!({}) }
}

/// A product.
pub fn product(id: &str, created: i64, form: &Value) -> Value {
    json!({
        "id": id, "object": "product", "created": created, "updated": created, "livemode": false, "active": true, "name": form["name"],
        "images": [], "marketing_features": [], "metadata": metadata(form), "type": "service"
    })
}

/// A price.
pub fn price(id: &str, created: i64, form: &Value) -> Value {
    let amount = number(&form["unit_amount"]);
    json!({
        "id": id, "object": "price", "created": created, "livemode": false, "active": true, "billing_scheme": "per_unit",
        "currency": form["currency"], "product": form["product"], "metadata": metadata(form), "type": "recurring", "unit_amount": amount,
        "unit_amount_decimal": amount.to_string(), "nickname": form["nickname"],
        "recurring": {
            "interval": form["recurring"]["interval"], "interval_count": number(&form["recurring"]["interval_count"]).max(1),
            "usage_type": "licensed"
        }
    })
}

/// A payment intent that waits for a method.
pub fn intent(id: &str, created: i64, form: &Value) -> Value {
    json!({
        "id": id, "object": "payment_intent", "created": created, "livemode": false, "amount": number(&form["amount"]),
        "amount_capturable": 0, "amount_received": 0, "currency": form["currency"], "customer": form["customer"],
        "capture_method": text(&form["capture_method"], "automatic"), "confirmation_method": "automatic",
        "metadata": metadata(form), "payment_method_types": ["card"], "status": "requires_payment_method", "description": form["description"],
        "last_payment_error": null, "next_action": null, "latest_charge": null
    })
}

/// A refund.
pub fn refund(id: &str, created: i64, form: &Value, currency: &Value) -> Value {
    json!({
        "id": id, "object": "refund", "created": created, "amount": number(&form["amount"]), "currency": currency,
        "payment_intent": form["payment_intent"], "status": "succeeded", "metadata": metadata(form)
    })
}

/// A dispute.
pub fn dispute(id: &str, created: i64, intent: &Value) -> Value {
    json!({
        "id": id, "object": "dispute", "created": created, "livemode": false, "amount": intent["amount_received"],
        "currency": intent["currency"], "charge": intent["latest_charge"], "payment_intent": intent["id"], "reason": "fraudulent",
        "status": "needs_response", "balance_transactions": [], "enhanced_eligibility_types": [], "is_charge_refundable": false,
        "metadata": {},
        "evidence": { "enhanced_evidence": {} },
        "evidence_details": { "has_evidence": false, "past_due": false, "submission_count": 0, "enhanced_eligibility": {} }
    })
}

/// A checkout session.
pub fn session(id: &str, created: i64, base: &str, form: &Value) -> Value {
    json!({
        "id": id, "object": "checkout.session", "created": created, "expires_at": created + 86_400, "livemode": false,
        "automatic_tax": { "enabled": false }, "custom_fields": [], "custom_text": {}, "shipping_options": [],
        "mode": form["mode"], "payment_method_types": ["card"], "payment_status": "unpaid", "status": "open", "customer": form["customer"],
        "metadata": metadata(form), "success_url": form["success_url"], "url": format!("{base}/pay/{id}"), "subscription": null
    })
}

/// A portal session.
pub fn portal(id: &str, created: i64, base: &str, form: &Value) -> Value {
    json!({
        "id": id, "object": "billing_portal.session", "created": created, "livemode": false, "configuration": "bpc_1",
        "customer": form["customer"], "return_url": form["return_url"], "url": format!("{base}/portal/{id}")
    })
}

/// A subscription to one price.
pub fn subscription(id: &str, created: i64, customer: &Value, price: &Value, quantity: i64, metadata: &Value) -> Value {
    let mut plan = price.clone();
    for (name, value) in [("object", "plan"), ("usage_type", "licensed")] {
        plan[name] = json!(value);
    }
    plan["interval"] = price["recurring"]["interval"].clone();
    plan["interval_count"] = price["recurring"]["interval_count"].clone();
    let days = match price["recurring"]["interval"].as_str() {
        Some("day") => 1,
        Some("week") => 7,
        Some("year") => 365,
        _ => 30,
    };
    let item = json!({
        "id": format!("si_{id}"), "object": "subscription_item", "created": created, "current_period_start": created,
        "current_period_end": created + days * 86_400, "discounts": [], "metadata": {}, "plan": plan, "price": price, "quantity": quantity,
        "subscription": id
    });
    json!({
        "id": id, "object": "subscription", "created": created, "start_date": created, "billing_cycle_anchor": created, "livemode": false,
        "automatic_tax": { "enabled": false }, "billing_mode": { "type": "classic" }, "billing_schedules": [],
        "cancel_at_period_end": false, "collection_method": "charge_automatically", "currency": price["currency"], "customer": customer,
        "discounts": [], "invoice_settings": { "issuer": { "type": "self" } }, "items": list("/v1/subscription_items", &[item], false),
        "metadata": metadata, "status": "active", "ended_at": null, "canceled_at": null
    })
}

/// A paid invoice for a period of a subscription.
pub fn invoice(id: &str, number: &str, created: i64, subscription: &Value) -> Value {
    let item = &subscription["items"]["data"][0];
    let total = self::number(&item["price"]["unit_amount"]) * self::number(&item["quantity"]).max(1);
    json!({
        "id": id, "object": "invoice", "number": number, "created": created, "livemode": false, "status": "paid",
        "currency": subscription["currency"], "customer": subscription["customer"], "collection_method": "charge_automatically",
        "amount_due": total, "amount_paid": total, "amount_overpaid": 0, "amount_remaining": 0, "amount_shipping": 0, "subtotal": total,
        "total": total, "total_excluding_tax": total, "starting_balance": 0, "pre_payment_credit_notes_amount": 0,
        "post_payment_credit_notes_amount": 0, "attempt_count": 1, "attempted": true, "automatic_tax": { "enabled": false },
        "default_tax_rates": [], "discounts": [], "issuer": { "type": "self" }, "payment_settings": {}, "period_start": created,
        "period_end": created, "status_transitions": { "paid_at": created, "finalized_at": created }, "lines": list("/lines", &[], false),
        "metadata": {},
        "parent": {
            "type": "subscription_details",
            "subscription_details": { "subscription": subscription["id"], "metadata": subscription["metadata"] }
        }
    })
}

/// An event about an object.
pub fn event(id: &str, created: i64, event_type: &str, object: &Value) -> Value {
    json!({
        "id": id, "object": "event", "api_version": "2026-09-30.endive", "created": created, "livemode": false, "pending_webhooks": 1,
        "type": event_type, "data": { "object": object }
    })
}

/// An error as it is answered.
pub fn error(kind: &str, code: &str, message: &str) -> Value {
    json!({ "error": { "type": kind, "code": code, "message": message } })
}

/// A number that a form holds as a text.
pub fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok())).unwrap_or(0)
}

/// A text of a form, or this one.
pub fn text(value: &Value, default: &str) -> String {
    value.as_str().unwrap_or(default).to_owned()
}

/// Whether a form says yes.
pub fn yes(value: &Value) -> bool {
    value.as_str() == Some("true")
}
