#include "catalog/record_codec.hpp"

#include <algorithm>

#include "catalog/access.hpp"
#include "catalog/field_codec.hpp"
#include "grammar/parser.hpp"

namespace tailrace::catalog {

namespace {

constexpr std::uint64_t record_version = 1;
// Those of version 1 were written before privileges counted: items name none, and containers that were handed over name
// the owner from before.
constexpr std::uint64_t owned_version = 2;

FieldWriter writer(std::uint64_t version = record_version) {
  FieldWriter out;
  out.put(version);
  return out;
}

void check_version(std::uint64_t version, std::uint64_t newest) {
  if (version >= 1 && version <= newest) return;
  throw SqlError(sqlstate::feature_not_supported,
                 "a catalog record is of a version that this binary does not know")
      .hint("Run the version of Tailrace that wrote this data directory, or a newer one.");
}

FieldReader reader(std::string_view bytes) {
  FieldReader in(bytes);
  check_version(in.number(), record_version);
  return in;
}

void put(FieldWriter& out, const Acl& acl) {
  out.put_list(acl, [&](const AclItem& item) {
    out.put(item.grantee);
    out.put(item.grantor);
    out.put(static_cast<std::uint64_t>(item.privileges));
  });
}

Acl get_acl(FieldReader& in) {
  return in.list([&] {
    AclItem item;
    in.get(item.grantee);
    in.get(item.grantor);
    item.privileges = static_cast<PrivilegeSet>(in.number());
    return item;
  });
}

void put(FieldWriter& out, const tailrace::Schema& schema) {
  out.put_list(schema.columns, [&](const ColumnSchema& column) {
    out.put(std::string_view(column.name));
    out.put(column.type);
    out.put(static_cast<std::uint64_t>(column.nullable));
  });
}

tailrace::Schema get_relation_schema(FieldReader& in) {
  tailrace::Schema schema;
  schema.columns = in.list([&] {
    ColumnSchema column;
    column.name = in.text();
    column.type = in.type();
    column.nullable = in.flag();
    return column;
  });
  return schema;
}

void put(FieldWriter& out, const std::vector<int>& numbers) {
  out.put_list(numbers, [&](int number) { out.put(static_cast<std::uint64_t>(number)); });
}

std::vector<int> get_numbers(FieldReader& in) {
  return in.list([&] { return static_cast<int>(in.number()); });
}

void put(FieldWriter& out, const std::vector<std::vector<int>>& keys) {
  out.put_list(keys, [&](const std::vector<int>& key) { put(out, key); });
}

std::vector<std::vector<int>> get_keys(FieldReader& in) {
  return in.list([&] { return get_numbers(in); });
}

// One overload pair per body; the number in front is the alternative's index.
void put_body(FieldWriter& out, const Table& table) {
  put(out, table.schema);
  out.put_list(table.defaults, [&](const std::optional<std::string>& text) {
    out.put(static_cast<std::uint64_t>(text.has_value()));
    out.put(std::string_view(text ? *text : std::string()));
  });
  put(out, table.keys);
  out.put(table.source);
  out.put(std::string_view(table.export_details));
  out.put(table.retain_history_ms);
}
void get_body(FieldReader& in, Table& table) {
  table.schema = get_relation_schema(in);
  table.defaults = in.list([&] {
    const bool present = in.flag();
    std::string text = in.text();
    return present ? std::optional(std::move(text)) : std::nullopt;
  });
  table.keys = get_keys(in);
  in.get(table.source);
  table.export_details = in.text();
  table.retain_history_ms = in.number();
}

void put_body(FieldWriter& out, const View& view) {
  put(out, view.schema);
}
void get_body(FieldReader& in, View& view) {
  view.schema = get_relation_schema(in);
}

void put_body(FieldWriter& out, const MaterializedView& view) {
  put(out, view.schema);
  out.put(view.cluster);
  put(out, view.non_null_assertions);
  out.put(view.retain_history_ms);
  out.put(view.as_of);
}
void get_body(FieldReader& in, MaterializedView& view) {
  view.schema = get_relation_schema(in);
  in.get(view.cluster);
  view.non_null_assertions = get_numbers(in);
  view.retain_history_ms = in.number();
  view.as_of = in.number();
}

void put_body(FieldWriter& out, const Source& source) {
  out.put(static_cast<std::uint64_t>(source.kind));
  out.put(source.cluster);
  out.put(source.connection);
  out.put(source.parent);
  out.put(source.progress);
  put(out, source.schema);
  put(out, source.keys);
  out.put(std::string_view(source.details));
  out.put(std::string_view(source.replication_slot));
  out.put(static_cast<std::uint64_t>(source.timeline.has_value()));
  out.put(source.timeline.value_or(0));
  out.put(std::string_view(source.upstream_schema));
  out.put(std::string_view(source.upstream_table));
  out.put(source.retain_history_ms);
}
void get_body(FieldReader& in, Source& source) {
  source.kind = static_cast<Source::Kind>(in.number());
  in.get(source.cluster);
  in.get(source.connection);
  in.get(source.parent);
  in.get(source.progress);
  source.schema = get_relation_schema(in);
  source.keys = get_keys(in);
  source.details = in.text();
  source.replication_slot = in.text();
  const bool has_timeline = in.flag();
  const std::uint64_t timeline = in.number();
  if (has_timeline) source.timeline = timeline;
  source.upstream_schema = in.text();
  source.upstream_table = in.text();
  source.retain_history_ms = in.number();
}

void put_body(FieldWriter& out, const Index& index) {
  out.put(index.on);
  out.put(index.cluster);
  out.put(index.retain_history_ms);
}
void get_body(FieldReader& in, Index& index) {
  in.get(index.on);
  in.get(index.cluster);
  index.retain_history_ms = in.number();
}

void put_body(FieldWriter&, const Secret&) {}
void get_body(FieldReader&, Secret&) {}

bool has_principal(Connection::Kind kind) {
  return kind == Connection::Kind::aws || kind == Connection::Kind::aws_privatelink;
}
void put_body(FieldWriter& out, const Connection& connection) {
  out.put(static_cast<std::uint64_t>(connection.kind));
  out.put(std::string_view(connection.public_key_1));
  out.put(std::string_view(connection.public_key_2));
  if (!has_principal(connection.kind)) return;
  out.put(std::string_view(connection.principal));
  out.put(std::string_view(connection.external_id));
}
void get_body(FieldReader& in, Connection& connection) {
  connection.kind = static_cast<Connection::Kind>(in.number());
  connection.public_key_1 = in.text();
  connection.public_key_2 = in.text();
  if (!has_principal(connection.kind)) return;
  connection.principal = in.text();
  connection.external_id = in.text();
}

void put_body(FieldWriter& out, const UserType& type) {
  out.put(type.type);
}
void get_body(FieldReader& in, UserType& type) {
  type.type = in.type();
}

template <std::size_t Index = 0>
Item::Body get_body(FieldReader& in, std::size_t alternative) {
  if constexpr (Index < std::variant_size_v<Item::Body>) {
    if (alternative == Index) {
      std::variant_alternative_t<Index, Item::Body> body;
      get_body(in, body);
      return body;
    }
    return get_body<Index + 1>(in, alternative);
  } else {
    throw SqlError(sqlstate::data_corrupted, "a catalog record is of an unknown kind");
  }
}

}  // namespace

std::string record_key(DatabaseId id) {
  return "database/" + id.to_string();
}
std::string record_key(SchemaId id) {
  return "schema/" + id.to_string();
}
std::string record_key(RoleId id) {
  return "role/" + id.to_string();
}
std::string record_key(ClusterId id) {
  return "cluster/" + id.to_string();
}
std::string record_key(ItemId id) {
  return "item/" + id.to_string();
}
std::string record_key(const CommentKey& key) {
  return "comment/" + key.object_type + "/" + key.object_id + "/" + std::to_string(key.column);
}

CommentKey decode_comment_key(std::string_view key) {
  const auto last = key.rfind('/');
  const auto middle = last == std::string_view::npos ? last : key.rfind('/', last - 1);
  const auto first = key.find('/');
  if (middle == std::string_view::npos || first == middle) {
    throw SqlError(sqlstate::data_corrupted, "a comment's record has a malformed key");
  }
  return {std::string(key.substr(first + 1, middle - first - 1)),
          std::string(key.substr(middle + 1, last - middle - 1)),
          std::stoi(std::string(key.substr(last + 1)))};
}

std::string record_key(const DefaultPrivilege& key) {
  return "default_privilege/" + key.creator.to_string() + "/" + key.database.to_string() + "/" +
         key.schema.to_string() + "/" + key.object_type + "/" + key.grantee.to_string();
}

DefaultPrivilege decode_default_privilege_key(std::string_view key) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find('/', begin), key.size());
    parts.push_back(key.substr(begin, end - begin));
    begin = end + 1;
  }
  const auto creator = parts.size() == 6 ? RoleId::parse(parts[1]) : std::nullopt;
  const auto grantee = parts.size() == 6 ? RoleId::parse(parts[5]) : std::nullopt;
  if (!creator || !grantee) {
    throw SqlError(sqlstate::data_corrupted, "a default privilege's record has a malformed key");
  }
  return {*creator, DatabaseId::parse(parts[2]).value_or(DatabaseId()),
          SchemaId::parse(parts[3]).value_or(SchemaId()), std::string(parts[4]), *grantee};
}

template <class Container>
void give_to_owner(Container& container) {
  grant(container.privileges,
        {container.owner, container.owner, set_of({Privilege::usage, Privilege::create})});
}

std::string encode(const Database& database) {
  FieldWriter out = writer(owned_version);
  out.put(database.id);
  out.put(std::uint64_t{database.oid});
  out.put(std::string_view(database.name));
  out.put(database.owner);
  put(out, database.privileges);
  return out.take();
}

Database decode_database(std::string_view bytes) {
  FieldReader in(bytes);
  const std::uint64_t version = in.number();
  check_version(version, owned_version);
  Database database;
  in.get(database.id);
  database.oid = static_cast<Oid>(in.number());
  database.name = in.text();
  in.get(database.owner);
  database.privileges = get_acl(in);
  if (version == 1) give_to_owner(database);
  return database;
}

std::string encode(const Schema& schema) {
  FieldWriter out = writer(owned_version);
  out.put(schema.id);
  out.put(std::uint64_t{schema.oid});
  out.put(std::string_view(schema.name));
  out.put(schema.database);
  out.put(schema.owner);
  put(out, schema.privileges);
  return out.take();
}

Schema decode_schema(std::string_view bytes) {
  FieldReader in(bytes);
  const std::uint64_t version = in.number();
  check_version(version, owned_version);
  Schema schema;
  in.get(schema.id);
  schema.oid = static_cast<Oid>(in.number());
  schema.name = in.text();
  in.get(schema.database);
  in.get(schema.owner);
  schema.privileges = get_acl(in);
  if (version == 1) give_to_owner(schema);
  return schema;
}

std::string encode(const Role& role) {
  FieldWriter out = writer();
  out.put(role.id);
  out.put(std::uint64_t{role.oid});
  out.put(std::string_view(role.name));
  out.put(std::uint64_t{role.superuser});
  out.put(std::uint64_t{role.inherit});
  out.put(std::uint64_t{role.login});
  out.put(std::string_view(role.password_verifier));
  out.put(static_cast<std::uint64_t>(role.member_of.size()));
  for (const auto& [group, grantor] : role.member_of) {
    out.put(group);
    out.put(grantor);
  }
  out.put_map(role.variables);
  return out.take();
}

Role decode_role(std::string_view bytes) {
  FieldReader in = reader(bytes);
  Role role;
  in.get(role.id);
  role.oid = static_cast<Oid>(in.number());
  role.name = in.text();
  role.superuser = in.flag();
  role.inherit = in.flag();
  role.login = in.flag();
  role.password_verifier = in.text();
  for (std::uint64_t left = in.number(); left > 0; --left) {
    RoleId group;
    RoleId grantor;
    in.get(group);
    in.get(grantor);
    role.member_of.emplace(group, grantor);
  }
  role.variables = in.map();
  return role;
}

std::string encode(const Cluster& cluster) {
  FieldWriter out = writer(owned_version);
  out.put(cluster.id);
  out.put(std::uint64_t{cluster.oid});
  out.put(std::string_view(cluster.name));
  out.put(cluster.owner);
  put(out, cluster.privileges);
  out.put(std::uint64_t{cluster.managed});
  out.put(std::string_view(cluster.size));
  out.put(std::uint64_t{cluster.replication_factor});
  out.put_list(cluster.replicas, [&](const Replica& replica) {
    out.put(replica.id);
    out.put(std::string_view(replica.name));
    out.put(std::string_view(replica.size));
    out.put(replica.owner);
  });
  out.put_map(cluster.options);
  return out.take();
}

Cluster decode_cluster(std::string_view bytes) {
  FieldReader in(bytes);
  const std::uint64_t version = in.number();
  check_version(version, owned_version);
  Cluster cluster;
  in.get(cluster.id);
  cluster.oid = static_cast<Oid>(in.number());
  cluster.name = in.text();
  in.get(cluster.owner);
  cluster.privileges = get_acl(in);
  if (version == 1) give_to_owner(cluster);
  cluster.managed = in.flag();
  cluster.size = in.text();
  cluster.replication_factor = static_cast<std::uint32_t>(in.number());
  cluster.replicas = in.list([&] {
    Replica replica;
    in.get(replica.id);
    replica.name = in.text();
    replica.size = in.text();
    in.get(replica.owner);
    return replica;
  });
  cluster.options = in.map();
  return cluster;
}

std::string encode(const Item& item) {
  FieldWriter out = writer(owned_version);
  out.put(item.id);
  out.put(std::uint64_t{item.oid});
  out.put(std::string_view(item.name));
  out.put(item.schema);
  out.put(item.owner);
  put(out, item.privileges);
  out.put(std::string_view(item.create_sql));
  out.put_list(item.uses, [&](ItemId used) { out.put(used); });
  out.put(static_cast<std::uint64_t>(item.body.index()));
  std::visit([&](const auto& body) { put_body(out, body); }, item.body);
  return out.take();
}

Item decode_item(std::string_view bytes) {
  FieldReader in(bytes);
  const std::uint64_t version = in.number();
  check_version(version, owned_version);
  Item item;
  in.get(item.id);
  item.oid = static_cast<Oid>(in.number());
  item.name = in.text();
  in.get(item.schema);
  in.get(item.owner);
  item.privileges = get_acl(in);
  item.create_sql = in.text();
  item.uses = in.list([&] {
    ItemId used;
    in.get(used);
    return used;
  });
  item.body = get_body(in, in.number());
  derive_from_sql(item);
  if (version == 1) grant(item.privileges, {item.owner, item.owner, applicable_privileges(item)});
  return item;
}

std::string encode(const Acl& acl) {
  FieldWriter out = writer();
  put(out, acl);
  return out.take();
}

Acl decode_acl(std::string_view bytes) {
  FieldReader in = reader(bytes);
  return get_acl(in);
}

std::string encode(PrivilegeSet privileges) {
  FieldWriter out = writer();
  out.put(std::uint64_t{privileges});
  return out.take();
}

PrivilegeSet decode_privileges(std::string_view bytes) {
  return static_cast<PrivilegeSet>(reader(bytes).number());
}

void derive_from_sql(Item& item) {
  const bool has_trees =
      item.as<View>() || item.as<MaterializedView>() || item.as<Index>() || item.as<Connection>();
  if (!has_trees) return;
  const ast::Statement statement = grammar::parse_statement(item.create_sql);
  if (auto* view = std::get_if<View>(&item.body)) {
    view->query =
        std::make_shared<const ast::Query>(*std::get<ast::CreateView>(statement.node).query);
  } else if (auto* materialized = std::get_if<MaterializedView>(&item.body)) {
    materialized->query = std::make_shared<const ast::Query>(
        *std::get<ast::CreateMaterializedView>(statement.node).query);
  } else if (auto* index = std::get_if<Index>(&item.body)) {
    index->key = std::get<ast::CreateIndex>(statement.node).keys;
  } else if (auto* connection = std::get_if<Connection>(&item.body)) {
    connection->options = std::get<ast::CreateConnection>(statement.node).options;
  }
}

}  // namespace tailrace::catalog
