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
  // Filled at start-up from the configuration.
  all.push_back(
      table(16755, "mz_catalog", "mz_egress_ips", "Addresses from which connections leave.",
            {{"egress_ip", text_type}, {"prefix_length", TypeId::int4}, {"cidr", text_type}}));
  all.back().feed = BuiltinFeed::volatile_;
  return all;
}

}  // namespace tailrace::catalog
