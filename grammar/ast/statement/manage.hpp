// Clusters, databases, schemas, roles, and what all kinds of objects have in common:
// dropping, renaming, owners, options, privileges, comments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "grammar/ast/expression.hpp"
#include "grammar/ast/name.hpp"
#include "grammar/ast/option.hpp"
#include "grammar/ast/statement/object_kind.hpp"
#include "grammar/ast/statement/variable_value.hpp"

namespace tailrace::ast {

struct CreateCluster {
  Ident name;
  bool if_not_exists = false;
  std::vector<Option> options;
};

struct CreateClusterReplica {
  Ident cluster;
  Ident name;
  bool if_not_exists = false;
  std::vector<Option> options;
};

struct CreateDatabase {
  Ident name;
  bool if_not_exists = false;
};

struct CreateSchema {
  ObjectName name;  // [database.]schema
  bool if_not_exists = false;
};

enum class RoleAttributeKind {
  superuser,
  no_superuser,
  login,
  no_login,
  inherit,
  no_inherit,
  create_db,
  no_create_db,
  create_role,
  no_create_role,
  create_cluster,
  no_create_cluster,
  password,
};

struct RoleAttribute {
  RoleAttributeKind kind = RoleAttributeKind::login;
  std::optional<std::string> password;  // of `password`; absent: NULL
  std::uint32_t position = 0;
};

struct CreateRole {
  Ident name;
  std::vector<RoleAttribute> attributes;
};

struct AlterRoleAttributes {
  Ident name;
  std::vector<RoleAttribute> attributes;
};

struct AlterRoleVariable {  // ALTER ROLE r SET name = value | RESET name
  Ident name;
  Ident variable;
  std::optional<VariableValues> values;  // absent: RESET
};

struct Drop {
  ObjectKind kind = ObjectKind::table;
  bool if_exists = false;
  std::vector<ObjectName> names;  // a cluster replica is `cluster.replica`
  enum class Behavior { unspecified, cascade, restrict_ };
  Behavior behavior = Behavior::unspecified;
};

struct Rename {
  ObjectKind kind = ObjectKind::table;
  bool if_exists = false;
  ObjectName name;
  Ident new_name;
};

struct SetOwner {
  ObjectKind kind = ObjectKind::table;
  bool if_exists = false;
  ObjectName name;
  Ident role;
};

struct Swap {  // ALTER SCHEMA|CLUSTER name SWAP WITH other
  ObjectKind kind = ObjectKind::schema;
  bool if_exists = false;
  ObjectName name;
  Ident other;
};

struct AlterSetOptions {  // ALTER kind name SET (..) [WITH (..)]; not of connections
  ObjectKind kind = ObjectKind::cluster;
  bool if_exists = false;
  ObjectName name;
  std::vector<Option> options;
  std::vector<Option> with;  // of clusters: WAIT
};

struct OptionName {
  std::string value;
  std::uint32_t position = 0;
};

struct AlterResetOptions {  // ALTER kind name RESET (..)
  ObjectKind kind = ObjectKind::cluster;
  bool if_exists = false;
  ObjectName name;
  std::vector<OptionName> options;
};

struct AlterSetCluster {  // ALTER kind name SET CLUSTER cluster
  ObjectKind kind = ObjectKind::materialized_view;
  bool if_exists = false;
  ObjectName name;
  ClusterName cluster;
};

struct AlterSystem {                     // ALTER SYSTEM SET name = values | RESET name | RESET ALL
  std::optional<Ident> variable;         // absent: RESET ALL
  std::optional<VariableValues> values;  // absent: RESET
};

struct CommentOn {
  ObjectKind kind = ObjectKind::table;
  ObjectName name;                     // of a column: relation.column, up to four parts
  std::optional<std::string> comment;  // absent: NULL
};

// Privileges

enum class Privilege {
  select,
  insert,
  update,
  delete_,
  usage,
  create,
  create_role,
  create_db,
  create_cluster,
  create_network_policy,
};

struct Privileges {
  bool all = false;
  std::vector<Privilege> list;  // if not all
};

struct NamedTargets {  // ON [TABLE] a, b
  ObjectKind kind = ObjectKind::table;
  std::vector<ObjectName> names;
};
struct AllTargets {  // ON ALL TABLES [IN SCHEMA s, .. | IN DATABASE d, ..]
  ObjectKind kind = ObjectKind::table;
  std::vector<ObjectName> in_schemas;
  std::vector<Ident> in_databases;
};
struct SystemTarget {};
using GrantTarget = std::variant<NamedTargets, AllTargets, SystemTarget>;

struct GrantPrivileges {
  bool revoke = false;
  Privileges privileges;
  GrantTarget target;
  std::vector<Ident> roles;
};

struct GrantRoles {
  bool revoke = false;
  std::vector<Ident> roles;
  std::vector<Ident> members;
};

struct AlterDefaultPrivileges {
  std::vector<Ident> for_roles;  // empty: ALL ROLES
  std::vector<ObjectName> in_schemas;
  std::vector<Ident> in_databases;
  bool revoke = false;
  Privileges privileges;
  ObjectKind kind = ObjectKind::table;
  std::vector<Ident> grantees;
};

struct ReassignOwned {
  std::vector<Ident> from;
  Ident to;
};

struct DropOwned {
  std::vector<Ident> roles;
  Drop::Behavior behavior = Drop::Behavior::unspecified;
};

}  // namespace tailrace::ast
