fn main() {
    let contexts = projections::contexts::CONTEXTS;
    let documents = gateway::schema_documents(contexts);
    let all = serde_json::json!({ "openapi": gateway::openapi_document(contexts), "schemas": documents });
    println!("{}", serde_json::to_string_pretty(&all).unwrap());
}
