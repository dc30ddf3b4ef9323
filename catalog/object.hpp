// Everything the catalog knows, as plain values. Immutable once in a Catalog; shared by pointer.
//
// What a user's statement made is kept as normalised SQL (`create_sql`, names qualified, secrets'
// values replaced) and parsed again at start-up; the fields beside it are what is derived from it
// or was decided when it ran.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "catalog/ids.hpp"
#include "catalog/privilege.hpp"
#include "grammar/ast/statement.hpp"
#include "repr/schema.hpp"
#include "repr/timestamp.hpp"

namespace tailrace::catalog {

struct Database {
  DatabaseId id;
  Oid oid = 0;
  std::string name;
  RoleId owner;
  Acl privileges;
};

struct Schema {
  SchemaId id;
  Oid oid = 0;
  std::string name;
  DatabaseId database;  // none: a system schema, seen through every database
  RoleId owner;
  Acl privileges;
};

struct Role {
  RoleId id;
  Oid oid = 0;
  std::string name;
  bool superuser = false;
  bool inherit = true;
  bool login = true;
  std::string password_verifier;                 // SCRAM-SHA-256$...; empty: none
  std::map<RoleId, RoleId> member_of;            // role -> grantor
  std::map<std::string, std::string> variables;  // ALTER ROLE ... SET
};

struct Replica {
  ReplicaId id;
  std::string name;
  std::string size;
  RoleId owner;
};

struct Cluster {
  ClusterId id;
  Oid oid = 0;
  std::string name;
  RoleId owner;
  Acl privileges;
  bool managed = true;
  std::string size;  // of a managed cluster
  std::uint32_t replication_factor = 1;
  std::vector<Replica> replicas;
  std::map<std::string, std::string> options;  // others that are stored and shown, as SQL text
};

// Bodies of schema objects.

struct Table {
  tailrace::Schema schema;
  std::vector<std::optional<std::string>> defaults;  // SQL text per column
  std::vector<std::vector<int>> keys;
  ItemId source;               // CREATE TABLE ... FROM SOURCE: its source
  std::string export_details;  // likewise: see replication/postgres/export.hpp; opaque here
  std::uint64_t retain_history_ms = 1000;
};

struct View {
  tailrace::Schema schema;
  std::shared_ptr<const ast::Query> query;  // names qualified
};

struct MaterializedView {
  tailrace::Schema schema;
  std::shared_ptr<const ast::Query> query;
  ClusterId cluster;
  std::vector<int> non_null_assertions;
  std::uint64_t retain_history_ms = 1000;
  Timestamp as_of = 0;  // first time that it shows
};

struct Source {
  enum class Kind : std::uint8_t { postgres, load_generator, progress, subsource, builtin };
  Kind kind = Kind::postgres;
  ClusterId cluster;        // of postgres and load_generator, and of their subsources
  ItemId connection;        // of postgres
  ItemId parent;            // of progress and subsource: the source that feeds it
  ItemId progress;          // of postgres: its progress subsource
  tailrace::Schema schema;  // of what can be read; empty for postgres itself
  std::vector<std::vector<int>> keys;
  // Of postgres: publication, slot, timeline; of a subsource: its upstream table. Written and read
  // by replication/postgres; opaque here and never shown.
  std::string details;
  std::string replication_slot;           // of postgres
  std::optional<std::uint64_t> timeline;  // of postgres
  std::string upstream_schema;            // of a subsource
  std::string upstream_table;
  std::uint64_t retain_history_ms = 1000;
};

struct Index {
  ItemId on;
  ClusterId cluster;
  std::vector<ast::Expression> key;  // as in create_sql
  std::uint64_t retain_history_ms = 1000;
};

struct Secret {};  // the value is in the secret store, under the item's id

struct Connection {
  enum class Kind : std::uint8_t { postgres, ssh_tunnel, aws, aws_privatelink, kafka, other };
  Kind kind = Kind::postgres;
  std::vector<ast::Option>
      options;               // as in create_sql: text, numbers, SECRET references, object names
  std::string public_key_1;  // of an SSH tunnel
  std::string public_key_2;
  // Of an AWS PrivateLink connection, and of an AWS connection that assumes a role: the ARN that AWS
  // knows this installation by; of the latter also what it shows as the external id.
  std::string principal;
  std::string external_id;
};

struct UserType {
  tailrace::Type type;
};

struct Item {
  using Body =
      std::variant<Table, View, MaterializedView, Source, Index, Secret, Connection, UserType>;

  ItemId id;
  Oid oid = 0;
  std::string name;
  SchemaId schema;
  RoleId owner;
  Acl privileges;
  std::string create_sql;  // one normalised statement without a semicolon; empty for builtin tables
  std::vector<ItemId> uses;  // what it cannot be without (also builtin relations), sorted
  Body body;
  std::string unique_key;  // of builtin relations: "mz_catalog.mz_tables"

  template <class T>
  const T* as() const {
    return std::get_if<T>(&body);
  }
  // Has columns: can stand in FROM.
  bool is_relation() const;
  // Kept in a collection of its own (tables, sources that hold rows, materialized views, builtin
  // tables).
  bool is_stored() const;
  // The relation's columns, or nullptr if it is none.
  const tailrace::Schema* relation_schema() const;
  ClusterId cluster() const;  // none if it runs on none
  // "table", "source", "view", "materialized-view", "index", "connection", "secret", "type".
  std::string_view type_name() const;
  // As `type_name`, for sentences: "materialized view".
  std::string type_words() const;
};

// ALTER DEFAULT PRIVILEGES: what objects that `creator` makes from now on grant to `grantee`.
struct DefaultPrivilege {
  RoleId creator;           // `everyone`: whoever makes them
  DatabaseId database;      // none: in all of them
  SchemaId schema;          // likewise
  std::string object_type;  // "table" (all relations), "type", "secret", "connection", "database",
                            // "schema", "cluster"
  RoleId grantee;
  friend auto operator<=>(const DefaultPrivilege&, const DefaultPrivilege&) = default;
};

// What a comment stands on: an object, and a column from 1 or 0 for the object itself.
struct CommentKey {
  std::string object_type;  // "table", "cluster", "role", ...
  std::string object_id;
  int column = 0;
  friend auto operator<=>(const CommentKey&, const CommentKey&) = default;
};

}  // namespace tailrace::catalog
