// What statements that change the catalog have in common. Private to this folder.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/coordinator/session_state.hpp"

namespace tailrace::engine {

// Runs `create` unless the name is taken and IF NOT EXISTS says to skip: then a notice. False: skipped.
bool name_is_free(SessionState& session, const ast::ObjectName& name, bool if_not_exists,
                  std::string_view kind);

// The start of an item to be created: fresh id and oid, the schema and name of `name`, the session's role as owner.
// Throws if the name is taken or the schema is a system one.
catalog::Item new_item(SessionState& session, const ast::ObjectName& name);
// Its full name, for create_sql.
ast::ObjectName full_name_of(SessionState& session, const catalog::Item& item);

// Milliseconds of RETAIN HISTORY, if the options have it.
std::optional<std::uint64_t> retain_history(const std::vector<ast::Option>& options);

void require_system_ok(const catalog::Item& item, const catalog::Catalog& catalog);

// Whether a statement that names a kind (DROP VIEW, SHOW CREATE TABLE) may mean the item.
bool is_of_kind(const catalog::Item& item, ast::ObjectKind kind);

// Whether a connection is tried when it is made or altered, unless the statement says.
bool wants_validation(SessionState& session, const std::vector<ast::Option>& with,
                      catalog::Connection::Kind kind);
// Throws unless the connection's options make a valid whole; with `validate` also if it does not work.
void check_connection(SessionState& session, const catalog::Item& connection, bool validate);

// Of sources in a cluster with several replicas, which run on one of them.
void notice_of_one_replica(SessionState& session, const catalog::Cluster& cluster,
                           const std::vector<std::string>& sources);

StatementResult ddl_result(std::string tag);

// By file.
StatementResult create_database(SessionState&, const ast::CreateDatabase&);
StatementResult create_schema(SessionState&, const ast::CreateSchema&);
StatementResult create_role(SessionState&, const ast::CreateRole&);
StatementResult alter_role(SessionState&, const ast::AlterRoleAttributes&);
StatementResult alter_role_variable(SessionState&, const ast::AlterRoleVariable&);
StatementResult create_cluster(SessionState&, const ast::CreateCluster&);
StatementResult alter_cluster(SessionState&, const ast::AlterSetOptions&);
StatementResult set_options(SessionState&, const ast::AlterSetOptions&);
StatementResult reset_options(SessionState&, const ast::AlterResetOptions&);
StatementResult create_secret(SessionState&, const ast::CreateSecret&);
StatementResult alter_secret(SessionState&, const ast::AlterSecret&);
StatementResult create_connection(SessionState&, const ast::CreateConnection&);
StatementResult alter_connection(SessionState&, const ast::AlterConnection&);
StatementResult create_table(SessionState&, const ast::CreateTable&);
StatementResult create_table_from_source(SessionState&, const ast::CreateTableFromSource&);
StatementResult create_view(SessionState&, const ast::CreateView&);
StatementResult create_materialized_view(SessionState&, const ast::CreateMaterializedView&);
StatementResult create_index(SessionState&, const ast::CreateIndex&);
StatementResult create_source(SessionState&, const ast::CreateSource&);
StatementResult alter_source(SessionState&, const ast::AlterSource&);
StatementResult drop_objects(SessionState&, const ast::Drop&);
StatementResult rename_object(SessionState&, const ast::Rename&);
StatementResult set_owner(SessionState&, const ast::SetOwner&);
StatementResult comment_on(SessionState&, const ast::CommentOn&);
StatementResult grant_privileges(SessionState&, const ast::GrantPrivileges&);
StatementResult grant_roles(SessionState&, const ast::GrantRoles&);

}  // namespace tailrace::engine
