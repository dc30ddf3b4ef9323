#include "catalog/builtin/declare.hpp"
#include "catalog/builtin/sql_text.hpp"

namespace tailrace::catalog {

namespace {

std::string_view type_of(const Connection& connection) {
  switch (connection.kind) {
    case Connection::Kind::postgres:
      return "postgres";
    case Connection::Kind::ssh_tunnel:
      return "ssh-tunnel";
    case Connection::Kind::aws:
      return "aws";
    case Connection::Kind::aws_privatelink:
      return "aws-privatelink";
    case Connection::Kind::kafka:
      return "kafka";
    case Connection::Kind::other:
      break;
  }
  return "other";
}

void connection_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* connection = item.as<Connection>();
  if (connection == nullptr) return;
  rows.add({{"id", id_text(item.id)},
            {"oid", oid(item.oid)},
            {"schema_id", id_text(item.schema)},
            {"name", text(item.name)},
            {"type", text(type_of(*connection))},
            {"owner_id", id_text(item.owner)},
            {"privileges", acl_array(item.privileges)},
            {"create_sql", create_sql(item)},
            {"redacted_create_sql", redacted_create_sql(item)}});
}

void ssh_tunnel_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* connection = item.as<Connection>();
  if (connection == nullptr || connection->kind != Connection::Kind::ssh_tunnel) return;
  rows.add({{"id", id_text(item.id)},
            {"public_key_1", text(connection->public_key_1)},
            {"public_key_2", text(connection->public_key_2)}});
}

void aws_privatelink_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* connection = item.as<Connection>();
  if (connection == nullptr || connection->kind != Connection::Kind::aws_privatelink) return;
  rows.add({{"id", id_text(item.id)}, {"principal", text(connection->principal)}});
}

const ast::OptionValue* option(const Connection& connection, std::string_view name) {
  for (const ast::Option& one : connection.options) {
    if (one.name == name && one.value) return &*one.value;
  }
  return nullptr;
}

// What is written in the statement; NULL for a secret.
Value option_text(const Connection& connection, std::string_view name) {
  const ast::OptionValue* value = option(connection, name);
  if (value == nullptr) return Null{};
  if (const auto* literal = std::get_if<ast::StringLiteral>(&value->node))
    return text(literal->value);
  if (const auto* word = std::get_if<ast::ObjectName>(&value->node)) return text(word->last());
  return Null{};
}

Value option_secret(const Connection& connection, std::string_view name) {
  const ast::OptionValue* value = option(connection, name);
  const auto* secret = value ? std::get_if<ast::SecretReference>(&value->node) : nullptr;
  return secret ? text(secret->name.id) : Value(Null{});
}

// A policy for the role: this installation may assume it, on behalf of this connection alone. Neither
// an ARN nor an external id of ours holds a character that JSON would have to escape.
Value trust_policy(const Connection& connection) {
  return text(
      R"({"Statement":[{"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":")" +
      connection.external_id + R"("}},"Effect":"Allow","Principal":{"AWS":")" +
      connection.principal + R"("}}],"Version":"2012-10-17"})");
}

void aws_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* connection = item.as<Connection>();
  if (connection == nullptr || connection->kind != Connection::Kind::aws) return;
  const bool role = option(*connection, "ASSUME ROLE ARN") != nullptr;
  rows.add({{"id", id_text(item.id)},
            {"endpoint", option_text(*connection, "ENDPOINT")},
            {"region", option_text(*connection, "REGION")},
            {"access_key_id", option_text(*connection, "ACCESS KEY ID")},
            {"access_key_id_secret_id", option_secret(*connection, "ACCESS KEY ID")},
            {"secret_access_key_secret_id", option_secret(*connection, "SECRET ACCESS KEY")},
            {"session_token", option_text(*connection, "SESSION TOKEN")},
            {"session_token_secret_id", option_secret(*connection, "SESSION TOKEN")},
            {"assume_role_arn", option_text(*connection, "ASSUME ROLE ARN")},
            {"assume_role_session_name", option_text(*connection, "ASSUME ROLE SESSION NAME")},
            {"principal", role ? text(connection->principal) : Value(Null{})},
            {"external_id", role ? text(connection->external_id) : Value(Null{})},
            {"example_trust_policy", role ? trust_policy(*connection) : Value(Null{})}});
}

}  // namespace

std::vector<BuiltinTable> connection_tables() {
  std::vector<BuiltinTable> all;
  all.push_back(table(16708, "mz_catalog", "mz_connections", "Connections.",
                      {{"id", text_type},
                       {"oid", oid_type},
                       {"schema_id", text_type},
                       {"name", text_type},
                       {"type", text_type},
                       {"owner_id", text_type},
                       {"privileges", acl_type},
                       {"create_sql", text_type},
                       {"redacted_create_sql", text_type}}));
  all.back().of_item = connection_row;
  all.push_back(
      table(16709, "mz_catalog", "mz_ssh_tunnel_connections", "Public keys of SSH tunnels.",
            {{"id", text_type}, {"public_key_1", text_type}, {"public_key_2", text_type}}));
  all.back().of_item = ssh_tunnel_row;
  all.push_back(
      table(16756, "mz_catalog", "mz_aws_privatelink_connections",
            "Principals of AWS PrivateLink connections; empty without an AWS configuration.",
            {{"id", text_type}, {"principal", text_type}}));
  all.back().of_item = aws_privatelink_row;
  all.push_back(table(16757, "mz_internal", "mz_aws_connections",
                      "AWS connections: their keys' ids, or the role that they assume.",
                      {{"id", text_type},
                       {"endpoint", text_type, nullable},
                       {"region", text_type, nullable},
                       {"access_key_id", text_type, nullable},
                       {"access_key_id_secret_id", text_type, nullable},
                       {"secret_access_key_secret_id", text_type, nullable},
                       {"session_token", text_type, nullable},
                       {"session_token_secret_id", text_type, nullable},
                       {"assume_role_arn", text_type, nullable},
                       {"assume_role_session_name", text_type, nullable},
                       {"principal", text_type, nullable},
                       {"external_id", text_type, nullable},
                       {"example_trust_policy", TypeId::jsonb, nullable}}));
  all.back().of_item = aws_row;
  all.push_back(table(
      16735, "mz_internal", "mz_aws_privatelink_connection_status_history",
      "Every change of a PrivateLink endpoint's status.",
      {{"occurred_at", timestamptz_type}, {"connection_id", text_type}, {"status", text_type}}));
  all.back().feed = BuiltinFeed::durable;
  all.back().is_source = true;
  // Filled at start-up from the configuration.
  all.push_back(
      table(16755, "mz_catalog", "mz_egress_ips", "Addresses from which connections leave.",
            {{"egress_ip", text_type}, {"prefix_length", TypeId::int4}, {"cidr", text_type}}));
  all.back().feed = BuiltinFeed::volatile_;
  return all;
}

std::vector<BuiltinView> connection_views() {
  std::vector<BuiltinView> all;
  all.push_back(
      view(16736, "mz_internal", "mz_aws_privatelink_connection_statuses",
           "The current status of each PrivateLink connection's endpoint.",
           {{"id", text_type},
            {"name", text_type},
            {"last_status_change_at", timestamptz_type},
            {"status", text_type}},
           R"(SELECT DISTINCT ON (c.id) c.id, c.name, h.occurred_at AS last_status_change_at,
                h.status
           FROM mz_catalog.mz_connections c
           JOIN mz_internal.mz_aws_privatelink_connection_status_history h
             ON h.connection_id = c.id
          WHERE c.type = 'aws-privatelink'
          ORDER BY c.id, h.occurred_at DESC, h.status)"));
  return all;
}

}  // namespace tailrace::catalog
