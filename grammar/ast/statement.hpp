// A statement: one struct per kind, in the files of grammar/ast/statement/. What the dialect has
// and this tree does not (sinks, Kafka formats, network policies, webhooks, ..) the parser refuses
// with 0A000; a new statement is a new struct and an alternative here (see grammar/README.md).
#pragma once

#include <variant>

#include "grammar/ast/statement/data.hpp"
#include "grammar/ast/statement/explain.hpp"
#include "grammar/ast/statement/ingest.hpp"
#include "grammar/ast/statement/manage.hpp"
#include "grammar/ast/statement/relation.hpp"
#include "grammar/ast/statement/session.hpp"
#include "grammar/ast/statement/show.hpp"

namespace tailrace::ast {

struct Statement {
  std::variant<
      // data.hpp
      SelectStatement, Subscribe, Insert, Update, Delete, CopyTo, CopyFrom,
      // ingest.hpp
      CreateSecret, AlterSecret, CreateConnection, AlterConnection, ValidateConnection,
      CreateSource, AlterSource, CreateTableFromSource,
      // relation.hpp
      CreateTable, AlterTableAddColumn, CreateView, CreateMaterializedView, ApplyReplacement,
      CreateIndex, CreateType,
      // manage.hpp
      CreateCluster, CreateClusterReplica, CreateDatabase, CreateSchema, CreateRole,
      AlterRoleAttributes, AlterRoleVariable, Drop, Rename, SetOwner, Swap, AlterSetOptions,
      AlterResetOptions, AlterSetCluster, AlterSystem, CommentOn, GrantPrivileges, GrantRoles,
      AlterDefaultPrivileges, ReassignOwned, DropOwned,
      // session.hpp
      Begin, Commit, Rollback, SetTransaction, Declare, Fetch, Close, Prepare, Execute, Deallocate,
      SetVariable, ResetVariable, Discard, Raise,
      // show.hpp, explain.hpp
      Show, Explain>
      node;
};

}  // namespace tailrace::ast
