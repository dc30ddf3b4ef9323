#include <fmt/format.h>

#include "engine/coordinator/session_state.hpp"

namespace tailrace::engine {

namespace {

constexpr SqlState database_missing{"MZ006"};
constexpr SqlState cluster_missing{"MZ007"};

const Variable& settable(const ast::Ident& name) {
  const Variable* variable = find_variable(name.value);
  if (variable == nullptr) {
    throw SqlError(sqlstate::undefined_object,
                   fmt::format("unrecognized configuration parameter \"{}\"", name.value))
        .position(name.position);
  }
  if (variable->scope == VariableScope::read_only) {
    throw SqlError(SqlState("55P02"),
                   fmt::format("parameter \"{}\" cannot be changed", variable->name));
  }
  return *variable;
}

void warn_if_missing(SessionState& session, std::string_view name, const std::string& value) {
  if (!as_boolean(session.variables().get("current_object_missing_warnings"))) return;
  if (name == "database" && session.catalog().find_database(value) == nullptr) {
    session.notice(fmt::format("database \"{}\" does not exist", value), database_missing);
  }
  if (name == "cluster" && session.catalog().find_cluster(value) == nullptr) {
    session.notice(fmt::format("cluster \"{}\" does not exist", value), cluster_missing);
  }
}

}  // namespace

StatementResult execute_set(SessionState& session, const ast::SetVariable& set) {
  // SET SCHEMA x is SET search_path = x.
  ast::Ident name = set.name;
  if (name.value == "schema") name.value = "search_path";
  StatementResult result;
  const bool reset = std::holds_alternative<ast::VariableDefault>(set.values);
  result.tag = reset ? "RESET" : "SET";
  const Variable& variable = settable(name);
  if (variable.scope == VariableScope::system) {
    throw SqlError(sqlstate::insufficient_privilege,
                   fmt::format("parameter \"{}\" cannot be set in a session", variable.name))
        .hint("Use ALTER SYSTEM SET.");
  }
  session.transaction();
  if (reset) {
    session.variables().reset(variable);
    return result;
  }
  if (variable.name == "transaction_isolation" && session.in_transaction_block() &&
      session.transaction().read_time) {
    throw SqlError(sqlstate::active_sql_transaction,
                   "SET TRANSACTION ISOLATION LEVEL must be called before any query");
  }
  std::string value =
      check_variable(variable, std::get<std::vector<ast::VariableValue>>(set.values));
  warn_if_missing(session, variable.name, value);
  session.variables().set(variable, std::move(value), set.local);
  return result;
}

StatementResult execute_alter_system(SessionState& session, const ast::AlterSystem& alter) {
  if (!session.role().superuser) {
    throw SqlError(sqlstate::insufficient_privilege, "permission denied to alter system variables")
        .hint("Ask a superuser.");
  }
  catalog::CatalogTransaction& ddl = session.ddl();
  StatementResult result;
  result.tag = alter.values ? "ALTER SYSTEM SET" : "ALTER SYSTEM RESET";
  if (!alter.variable) {
    const auto all = session.catalog().system_variables();
    for (const auto& [name, value] : all) ddl.set_system_variable(name, std::nullopt);
  } else {
    const Variable& variable = settable(*alter.variable);
    const bool reset = !alter.values || std::holds_alternative<ast::VariableDefault>(*alter.values);
    ddl.set_system_variable(
        std::string(variable.name),
        reset ? std::nullopt
              : std::optional(check_variable(
                    variable, std::get<std::vector<ast::VariableValue>>(*alter.values))));
  }
  if (!session.in_transaction_block()) session.end_implicit(false);
  session.refresh_defaults();
  return result;
}

StatementResult execute_discard(SessionState& session, const ast::Discard& discard) {
  StatementResult result;
  switch (discard.what) {
    case ast::DiscardWhat::all:
      if (session.in_transaction_block()) {
        throw SqlError(sqlstate::active_sql_transaction,
                       "DISCARD ALL cannot be run inside a transaction block");
      }
      session.portals().clear();
      session.prepared().clear();
      session.variables().reset_all();
      result.tag = "DISCARD ALL";
      break;
    case ast::DiscardWhat::plans:
      result.tag = "DISCARD PLANS";
      break;
    case ast::DiscardWhat::sequences:
      result.tag = "DISCARD SEQUENCES";
      break;
    case ast::DiscardWhat::temporary:
      result.tag = "DISCARD TEMP";
      break;
  }
  return result;
}

}  // namespace tailrace::engine
