//! How the files that common invoicing products export become commands: the columns of `QuickBooks`, Xero and `FreshBooks`.
//!
//! Invoices and bills have a row for each line; rows of one document carry the same number, which becomes its id, and its first row tells
//! what is said of the document. They stay drafts, keep their numbers, and are made final one by one or in bulk. What a file says of taxes
//! in words (`20% (VAT on Income)`) is not read; its tax amounts are. Headers are compared as `crm` files are: in lower case, with every run
//! of punctuation and spaces as one space.

use crate::kernel::{ImportColumn, ImportDef};

const fn column(field: &'static str, headers: &'static [&'static str]) -> ImportColumn {
    ImportColumn { field, headers }
}

const CURRENCY: &[&str] = &["currency", "currency code", "invoice currency", "transaction currency"];

const DESCRIPTION: ImportColumn = column(
    "description",
    &[
        "description",
        "item description",
        "itemdescription",
        "line description",
        "product service description",
        "memo description",
        "item name",
        "product service",
        "service",
    ],
);
const PRODUCT: ImportColumn = column("product_id", &["product id", "item id"]);
const SKU: ImportColumn = column("sku", &["sku", "inventory item code", "inventoryitemcode", "item code", "item", "product code"]);
const QUANTITY: ImportColumn = column("quantity", &["quantity", "qty", "item quantity", "itemquantity", "hours"]);
const UNIT_PRICE: ImportColumn = column(
    "unit_price",
    &["unit amount", "unitamount", "unit price", "unit cost", "rate", "item rate", "itemrate", "price", "sales price"],
);
const UNIT_PRICE_CURRENCY: ImportColumn = column("unit_price.currency", CURRENCY);
const DISCOUNT: ImportColumn =
    column("discount.percent", &["discount", "discount percentage", "discount percent", "item discount percent"]);
const TAX_RATE: ImportColumn =
    column("tax_rate_percent", &["tax rate", "taxrate", "tax percent", "vat rate", "tax 1 rate", "item tax rate", "sales tax rate"]);
const TAX_AMOUNT: ImportColumn =
    column("tax_amount", &["tax amount", "taxamount", "tax 1 amount", "line tax amount", "item tax amount", "itemtaxamount", "vat amount"]);
const TAX_MODE: ImportColumn = column("tax_mode", &["line amount types", "lineamounttypes", "amounts are"]);
const ACCOUNT: ImportColumn = column("account", &["account code", "accountcode", "account number", "gl code"]);
const LINE: ImportColumn = column("line_id", &["line", "line no", "line number", "line id", "line item"]);
const DUE_DATE: ImportColumn = column("due_date", &["due date", "duedate", "date due", "payment due"]);
/// Exports of this platform hold the lines of a document as a list.
const ROWS: ImportColumn = column("@rows", &["lines"]);
const NOTE: ImportColumn = column("note", &["memo", "note", "notes", "message", "message displayed on invoice", "terms and conditions"]);

const INVOICES: ImportDef = ImportDef {
    name: "invoices",
    aggregate: "invoice",
    create: "import-line",
    // Further rows are taken by the same command; this one only tells what a dry run compares with.
    update: "add-line",
    columns: &[
        column(
            "id",
            &["invoice number", "invoicenumber", "invoice no", "invoiceno", "invoice", "number", "num", "invoice id", "doc number"],
        ),
        column("customer_id", &["customer id", "client id", "contact id", "account id"]),
        column(
            "customer_name",
            &[
                "customer",
                "customer name",
                "contact name",
                "contactname",
                "client name",
                "client",
                "name",
                "bill to",
                "billing name",
                "company",
            ],
        ),
        column(
            "customer_email",
            &["email", "email address", "emailaddress", "customer email", "client email", "bill email", "billing email"],
        ),
        column("customer_tax_id", &["customer tax number", "tax number", "vat number", "customer vat number", "tax id"]),
        column(
            "customer_address.street",
            &[
                "po address line1",
                "poaddressline1",
                "billing address",
                "billing street",
                "bill addr line1",
                "street",
                "address",
                "address line 1",
            ],
        ),
        column(
            "customer_address.postal_code",
            &["po postal code", "popostalcode", "billing zip", "postal code", "postcode", "zip", "zip code"],
        ),
        column("customer_address.city", &["po city", "pocity", "billing city", "city", "town"]),
        column("customer_address.region", &["po region", "poregion", "billing state", "state", "region", "province", "county"]),
        column("customer_address.country", &["po country", "pocountry", "billing country", "country"]),
        column("date", &["invoice date", "invoicedate", "date issued", "date", "issue date", "txn date", "transaction date"]),
        DUE_DATE,
        column("purchase_order", &["reference", "po number", "purchase order", "p o number", "customer reference"]),
        NOTE,
        TAX_MODE,
        LINE,
        DESCRIPTION,
        PRODUCT,
        SKU,
        QUANTITY,
        UNIT_PRICE,
        UNIT_PRICE_CURRENCY,
        DISCOUNT,
        TAX_RATE,
        TAX_AMOUNT,
        column("revenue_role", &["revenue role"]),
        ACCOUNT,
        ROWS,
    ],
    lists: &[],
    in_order: &[],
};

const BILLS: ImportDef = ImportDef {
    name: "bills",
    aggregate: "bill",
    create: "import-line",
    // Further rows are taken by the same command; this one only tells what a dry run compares with.
    update: "add-line",
    columns: &[
        column("id", &["bill number", "billnumber", "bill no", "billno", "invoice number", "invoicenumber", "number", "num", "doc number"]),
        column(
            "supplier_number",
            &["supplier invoice number", "supplier number", "vendor invoice number", "supplier reference", "reference"],
        ),
        column("supplier_id", &["supplier id", "vendor id", "contact id"]),
        column("supplier_name", &["supplier", "supplier name", "vendor", "vendor name", "contact name", "contactname", "payee", "name"]),
        column("date", &["bill date", "billdate", "invoice date", "invoicedate", "date", "issue date", "txn date", "transaction date"]),
        DUE_DATE,
        NOTE,
        TAX_MODE,
        LINE,
        DESCRIPTION,
        PRODUCT,
        SKU,
        QUANTITY,
        UNIT_PRICE,
        UNIT_PRICE_CURRENCY,
        DISCOUNT,
        TAX_RATE,
        TAX_AMOUNT,
        column("expense_role", &["expense role"]),
        ACCOUNT,
        ROWS,
    ],
    lists: &[],
    in_order: &[],
};

const PAYMENTS: ImportDef = ImportDef {
    name: "payments",
    aggregate: "customer-payment",
    create: "receive",
    update: "allocate",
    columns: &[
        column("id", &["payment id", "transaction id", "payment no"]),
        column("customer_id", &["customer id", "client id", "contact id"]),
        column("customer_name", &["customer", "customer name", "client name", "client", "contact name", "payer", "received from", "name"]),
        column("amount", &["amount", "payment amount", "amount received", "amount paid", "total", "credit"]),
        column("amount.currency", CURRENCY),
        column("method", &["payment method", "method", "payment type", "type"]),
        column("date", &["payment date", "date", "date paid", "date received", "transaction date", "txn date"]),
        column("reference", &["reference", "reference no", "reference number", "payment reference", "ref no", "check no", "transaction"]),
        column("invoice_id", &["invoice number", "invoicenumber", "invoice no", "invoiceno", "invoice", "applied to", "invoice id"]),
    ],
    lists: &[],
    in_order: &["invoice_id"],
};

const BILL_PAYMENTS: ImportDef = ImportDef {
    name: "bill-payments",
    aggregate: "bill",
    create: "record-payment",
    // A bill is there before it is paid: its rows change nothing else of it.
    update: "settle-dispute",
    columns: &[
        column("id", &["bill number", "bill no", "bill id", "bill", "invoice number", "applied to"]),
        column("amount", &["amount", "payment amount", "amount paid", "total", "debit"]),
        column("amount.currency", CURRENCY),
        column("method", &["payment method", "method", "payment type", "type"]),
        column("date", &["payment date", "date", "date paid", "transaction date", "txn date"]),
        column("reference", &["reference", "reference no", "reference number", "payment reference", "ref no", "check no", "transaction"]),
    ],
    lists: &[],
    in_order: &[],
};

/// The imports of the context.
pub(super) const IMPORTS: &[ImportDef] = &[INVOICES, BILLS, PAYMENTS, BILL_PAYMENTS];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::invoicing::CONTEXT;

    /// Whether a schema, or one that it refers to, has the property at that path.
    fn has_field(schema: &Value, definitions: &Value, path: &[&str]) -> bool {
        let Some((first, rest)) = path.split_first() else { return true };
        let resolve = |schema: &Value| -> Option<Value> { definitions.get(schema["$ref"].as_str()?.rsplit('/').next()?).cloned() };
        let mut candidates = vec![schema.clone()];
        for list in ["anyOf", "oneOf"] {
            candidates.extend(schema[list].as_array().cloned().unwrap_or_default());
        }
        let mut resolved: Vec<Value> = candidates.iter().map(|schema| resolve(schema).unwrap_or_else(|| schema.clone())).collect();
        let nested: Vec<Value> = resolved.iter().flat_map(|schema| schema["oneOf"].as_array().cloned().unwrap_or_default()).collect();
        resolved.extend(nested);
        resolved.iter().any(|schema| !schema["properties"][*first].is_null() && has_field(&schema["properties"][*first], definitions, rest))
    }

    #[test]
    fn every_column_fills_a_field_of_the_command_that_creates() {
        for import in IMPORTS {
            let aggregate = CONTEXT.aggregate(import.aggregate).expect("the aggregate exists");
            let command = |name: &str| aggregate.commands().iter().find(|def| def.name == name).expect("the command exists");
            command(import.update);
            let mut generator = schemars::SchemaGenerator::default();
            let schema = (command(import.create).schema)(&mut generator).to_value();
            let definitions = Value::Object(generator.definitions().clone());
            for column in import.columns.iter().filter(|column| column.field != "id" && !column.field.starts_with('@')) {
                let path: Vec<&str> = column.field.split('.').collect();
                assert!(has_field(&schema, &definitions, &path), "{}: {}", import.name, column.field);
            }
        }
    }

    #[test]
    fn a_header_is_normalised_and_fills_one_field() {
        for import in IMPORTS {
            let mut seen = BTreeSet::new();
            for header in import.columns.iter().flat_map(|column| column.headers) {
                let normal: String = header.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
                assert_eq!(normal.split_whitespace().collect::<Vec<_>>().join(" "), **header);
                assert!(seen.insert(*header), "{}: `{header}` is listed twice", import.name);
            }
        }
    }
}
