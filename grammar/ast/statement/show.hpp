// SHOW in all its forms.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "grammar/ast/expression.hpp"
#include "grammar/ast/name.hpp"
#include "grammar/ast/statement/object_kind.hpp"

namespace tailrace::ast {

struct LikeFilter {
  std::string pattern;
};
struct WhereFilter {
  Expression condition;  // over the output columns
};
using ShowFilter = std::variant<std::monostate, LikeFilter, WhereFilter>;

// SHOW SOURCES, TABLES, CLUSTER REPLICAS, ROLES, ... `kind` is absent for SHOW OBJECTS.
struct ShowObjects {
  std::optional<ObjectKind> kind;
  std::optional<ObjectName> from;  // FROM [database.]schema; of SCHEMAS: FROM database
  std::optional<ObjectName> on;    // INDEXES ON relation, SUBSOURCES and TABLES ON source
  std::optional<ClusterName> in_cluster;
  ShowFilter filter;
};

struct ShowColumns {
  ObjectName relation;
  ShowFilter filter;
};

struct ShowCreate {
  ObjectKind kind = ObjectKind::table;
  ObjectName name;
  bool redacted = false;
};

struct ShowPrivileges {
  bool defaults = false;           // SHOW DEFAULT PRIVILEGES
  std::optional<ObjectKind> kind;  // ON TABLES | .. | SYSTEM
  std::optional<Ident> role;       // FOR role
};

struct ShowRoleMembership {
  std::optional<Ident> role;
};

struct ShowVariable {  // SHOW TIME ZONE is `timezone`, SHOW TRANSACTION ISOLATION LEVEL
  Ident name;          // `transaction_isolation`; in lower case
};

struct ShowAllVariables {};

using ShowNode = std::variant<ShowObjects, ShowColumns, ShowCreate, ShowPrivileges,
                              ShowRoleMembership, ShowVariable, ShowAllVariables>;

struct Show {
  ShowNode node;
};

}  // namespace tailrace::ast
