// Which function runs which statement, and what a statement's result looks like before it runs.
#include <fmt/format.h>

#include "engine/coordinator/required_privileges.hpp"
#include "engine/coordinator/row_sources.hpp"
#include "engine/coordinator/session_state.hpp"
#include "grammar/printer.hpp"
#include "repr/overloaded.hpp"

namespace tailrace::engine {

namespace {

StatementResult command(std::string tag) {
  StatementResult result;
  result.tag = std::move(tag);
  return result;
}

StatementResult rows(std::unique_ptr<RowSource> source, std::string tag = "SELECT") {
  StatementResult result;
  result.tag = std::move(tag);
  result.rows = std::move(source);
  return result;
}

// The query of statements that give rows by one, if this is one of them.
struct QueryOf {
  ast::Query query;
  std::optional<ast::AsOf> as_of;
};

ast::Query parse_query(const std::string& sql) {
  return std::get<ast::SelectStatement>(grammar::parse_statement(sql).node).query;
}

ast::Query whole_relation(const ast::CopyRelation& relation) {
  std::string columns;
  for (const ast::Ident& column : relation.columns) {
    columns += (columns.empty() ? "" : ", ") + grammar::print(column);
  }
  return parse_query(fmt::format("SELECT {} FROM {}", columns.empty() ? "*" : columns,
                                 grammar::print(relation.name)));
}

std::optional<QueryOf> query_of(SessionState& session, const ast::Statement& statement) {
  return std::visit(
      Overloaded{
          [](const ast::SelectStatement& select) {
            return std::optional(QueryOf{select.query, select.as_of});
          },
          [&](const ast::Show& show) -> std::optional<QueryOf> {
            const auto sql = show_query(session, show);
            if (!sql) return std::nullopt;
            return QueryOf{parse_query(*sql), std::nullopt};
          },
          [](const ast::CopyTo& copy) -> std::optional<QueryOf> {
            if (const auto* select = std::get_if<ast::SelectStatement>(&copy.source)) {
              return QueryOf{select->query, select->as_of};
            }
            if (const auto* relation = std::get_if<ast::CopyRelation>(&copy.source)) {
              return QueryOf{whole_relation(*relation), std::nullopt};
            }
            return std::nullopt;
          },
          [](const auto&) { return std::optional<QueryOf>(); },
      },
      statement.node);
}

// Parameters of writes are inferred by binding them once.
void infer_write_parameters(SessionState& session, const ast::Statement& statement,
                            ParameterTypes& parameters, std::optional<Schema>& columns) {
  BindContext context = session.bind_context(Purpose::write);
  context.parameters = &parameters;
  if (const auto* insert = std::get_if<ast::Insert>(&statement.node)) {
    const BoundInsert bound = bind_insert(*insert, context);
    if (!bound.returning.empty()) columns = bound.returning_schema;
  } else if (const auto* update = std::get_if<ast::Update>(&statement.node)) {
    bind_update(*update, context);
  } else if (const auto* remove = std::get_if<ast::Delete>(&statement.node)) {
    bind_delete(*remove, context);
  }
}

std::shared_ptr<Planned> plan_statement(SessionState& session, const ast::Statement& statement,
                                        ParameterTypes parameters) {
  auto planned = std::make_shared<Planned>();
  // Definitions that are not committed may never be: such a plan is good for this once.
  planned->catalog_version = session.transaction_defines() ? 0 : session.catalog().version();
  planned->cluster = session.variables().get("cluster");
  planned->scope = session.scope();
  planned->indexes_version = session.indexes_version();
  if (const auto query = query_of(session, statement)) {
    planned->select = plan_select(session, query->query, query->as_of, &parameters);
    planned->columns = planned->select->query.schema;
  } else {
    std::visit(Overloaded{
                   [&](const ast::Show& show) { planned->columns = show_schema(session, show); },
                   [&](const ast::Explain& explain) { planned->columns = explain_schema(explain); },
                   [&](const ast::Subscribe& subscribe) {
                     planned->columns = subscribe_schema(session, subscribe);
                   },
                   [&](const ast::CopyTo& copy) {
                     planned->columns =
                         subscribe_schema(session, std::get<ast::Subscribe>(copy.source));
                   },
                   [&](const ast::Fetch& fetch) {
                     const auto portal = session.portals().find(fetch.name.value);
                     if (portal != session.portals().end())
                       planned->columns = portal->second->prepared->columns;
                   },
                   [&](const ast::Execute& execute) {
                     planned->columns = session.find_prepared(execute.name.value)->columns;
                   },
                   [](const auto&) {},
               },
               statement.node);
    infer_write_parameters(session, statement, parameters, planned->columns);
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i] || parameters[i]->id() == TypeId::unknown) {
      throw SqlError(sqlstate::indeterminate_datatype,
                     fmt::format("could not determine data type of parameter ${}", i + 1));
    }
    planned->parameters.push_back(*parameters[i]);
  }
  return planned;
}

std::vector<Value> constant_arguments(SessionState& session, const ast::Execute& execute,
                                      const PreparedStatement& prepared) {
  if (execute.arguments.size() != prepared.parameters.size()) {
    throw SqlError(
        sqlstate::syntax_error,
        fmt::format("wrong number of parameters for prepared statement \"{}\"", execute.name.value))
        .detail(fmt::format("Expected {} parameters but got {}.", prepared.parameters.size(),
                            execute.arguments.size()));
  }
  std::vector<Value> values;
  BindContext context = session.bind_context(Purpose::expression);
  for (std::size_t i = 0; i < execute.arguments.size(); ++i) {
    values.push_back(bind_constant(execute.arguments[i], context, prepared.parameters[i]));
  }
  return values;
}

bool is_read_only(const std::vector<ast::TransactionMode>& modes) {
  for (const auto mode : modes) {
    if (mode == ast::TransactionMode::read_only) return true;
  }
  return false;
}

StatementResult set_transaction(SessionState& session, const ast::SetTransaction& set) {
  for (const auto mode : set.modes) {
    if (mode == ast::TransactionMode::read_only || mode == ast::TransactionMode::read_write) {
      throw unsupported("SET TRANSACTION with an access mode");
    }
    const Variable& isolation = *find_variable("transaction_isolation");
    const bool strict = mode == ast::TransactionMode::strict_serializable;
    session.variables().set(isolation, strict ? "strict serializable" : "serializable",
                            !set.session_characteristics);
  }
  return command("SET");
}

}  // namespace

PreparedStatementPtr SessionState::prepare(
    std::shared_ptr<const grammar::ParsedStatement> statement,
    const std::vector<std::optional<Type>>& parameters) {
  auto prepared = std::make_shared<PreparedStatement>();
  prepared->statement = std::move(statement);
  if (!prepared->statement) return prepared;
  const auto& node = prepared->statement->statement.node;
  if (transaction_ && transaction_->failed && !std::holds_alternative<ast::Commit>(node) &&
      !std::holds_alternative<ast::Rollback>(node)) {
    throw SqlError(
        sqlstate::in_failed_sql_transaction,
        "current transaction is aborted, commands ignored until end of transaction block");
  }
  catalog_ = coordinator_.catalog();
  const std::shared_ptr<const Planned> planned =
      plan_statement(*this, prepared->statement->statement, parameters);
  prepared->parameters = planned->parameters;
  prepared->columns = planned->columns;
  prepared->is_copy =
      std::holds_alternative<ast::CopyTo>(node) || std::holds_alternative<ast::CopyFrom>(node);
  prepared->plan = planned;
  return prepared;
}

std::shared_ptr<const Planned> SessionState::plan_now(const PreparedStatement& prepared) {
  const auto planned = std::static_pointer_cast<const Planned>(prepared.plan);
  const catalog::NameScope& now = scope();
  // What a transaction sees of its own definitions, or must not see any more, is not for others.
  const bool is_own = transaction_ && (transaction_->ddl || transaction_->read_time);
  if (planned && !is_own && planned->catalog_version == catalog().version() &&
      planned->cluster == variables_.get("cluster") && planned->scope.database == now.database &&
      planned->scope.search_path == now.search_path &&
      planned->indexes_version == indexes_version()) {
    return planned;
  }
  ParameterTypes parameters(prepared.parameters.begin(), prepared.parameters.end());
  const std::shared_ptr<const Planned> fresh =
      plan_statement(*this, prepared.statement->statement, std::move(parameters));
  if (prepared.columns && fresh->columns && prepared.columns->types() != fresh->columns->types()) {
    throw SqlError(sqlstate::feature_not_supported, "cached plan must not change result type");
  }
  if (!is_own) prepared.plan = fresh;
  return fresh;
}

std::shared_ptr<const Planned> SessionState::replan(const PreparedStatement& prepared) {
  std::shared_ptr<const Planned> planned = plan_now(prepared);
  if (planned->select && !planned->permitted) {
    const PlannedSelect& select = *planned->select;
    if (is_restricted(*this))
      require(*this, needs_of_reading(*this, select.named, !select.catalog_only));
    planned->permitted = true;
  }
  return planned;
}

StatementResult SessionState::execute(const PreparedStatement& prepared,
                                      const std::vector<Value>& parameters) {
  const ast::Statement& statement = prepared.statement->statement;
  // Of queries `replan` finds out once for many runs.
  if (!std::holds_alternative<ast::SelectStatement>(statement.node) && is_restricted(*this))
    require(*this, needs_of(*this, statement));
  StatementResult ddl_result;
  if (execute_ddl(*this, *prepared.statement, ddl_result)) return ddl_result;
  return std::visit(
      Overloaded{
          [&](const ast::SelectStatement&) {
            return rows(run_select(*this, *replan(prepared)->select, parameters));
          },
          [&](const ast::Show& show) {
            const auto planned = replan(prepared);
            if (planned->select) return rows(run_select(*this, *planned->select, {}));
            return execute_show(*this, show);
          },
          [&](const ast::CopyTo& copy) {
            if (copy.url) throw unsupported("COPY TO a URL");
            const CopyOptions options = copy_options(copy.options, false);
            StatementResult result;
            if (const auto* subscribe = std::get_if<ast::Subscribe>(&copy.source)) {
              result = execute_subscribe(*this, *subscribe, parameters);
            } else {
              result = rows(run_select(*this, *replan(prepared)->select, parameters));
            }
            result.tag = "COPY";
            result.copy_out = options;
            return result;
          },
          [&](const ast::CopyFrom& copy) { return execute_copy_from(*this, copy); },
          [&](const ast::Insert& insert) {
            return execute_insert(*this, insert, parameters, prepared.parameters);
          },
          [&](const ast::Update& update) {
            return execute_update(*this, update, parameters, prepared.parameters);
          },
          [&](const ast::Delete& remove) {
            return execute_delete(*this, remove, parameters, prepared.parameters);
          },
          [&](const ast::Subscribe& subscribe) {
            notice(
                "streaming SUBSCRIBE rows directly requires a client that does not buffer output",
                sqlstate::warning);
            return execute_subscribe(*this, subscribe, parameters);
          },
          [&](const ast::Declare& declare) { return execute_declare(*this, declare, parameters); },
          [&](const ast::Fetch& fetch) { return execute_fetch(*this, fetch); },
          [&](const ast::Close& close) {
            if (portals_.erase(close.name.value) == 0) {
              throw SqlError(sqlstate::invalid_cursor_name,
                             fmt::format("cursor \"{}\" does not exist", close.name.value));
            }
            return command("CLOSE CURSOR");
          },
          [&](const ast::Prepare& prepare_statement) {
            auto parsed = std::make_shared<grammar::ParsedStatement>();
            parsed->statement = *prepare_statement.statement;
            parsed->text = prepared.statement->text;
            store_prepared(prepare_statement.name.value, prepare(parsed, {}));
            return command("PREPARE");
          },
          [&](const ast::Execute& execute_statement) {
            const PreparedStatementPtr other = find_prepared(execute_statement.name.value);
            return execute(*other, constant_arguments(*this, execute_statement, *other));
          },
          [&](const ast::Deallocate& deallocate) {
            if (!deallocate.name) {
              prepared_.clear();
              return command("DEALLOCATE ALL");
            }
            find_prepared(deallocate.name->value);
            prepared_.erase(deallocate.name->value);
            return command("DEALLOCATE");
          },
          [&](const ast::Begin& begin) {
            begin_block(is_read_only(begin.modes));
            return command("BEGIN");
          },
          [&](const ast::Commit& commit_statement) {
            if (commit_statement.and_chain) throw unsupported("COMMIT AND CHAIN");
            return command(commit_block());
          },
          [&](const ast::Rollback& rollback) {
            if (rollback.and_chain) throw unsupported("ROLLBACK AND CHAIN");
            rollback_block();
            return command("ROLLBACK");
          },
          [&](const ast::SetTransaction& set) { return set_transaction(*this, set); },
          [&](const ast::SetVariable& set) { return execute_set(*this, set); },
          [&](const ast::ResetVariable& reset) {
            return execute_set(*this, ast::SetVariable{reset.name, false, ast::VariableDefault{}});
          },
          [&](const ast::Discard& discard) { return execute_discard(*this, discard); },
          [&](const ast::Explain& explain) { return execute_explain(*this, explain); },
          [&](const ast::ValidateConnection& validate) {
            return execute_validate(*this, validate);
          },
          [&](const ast::AlterSystem& alter) { return execute_alter_system(*this, alter); },
          [&](const auto&) -> StatementResult {
            // Cut at the first few words: they name the statement.
            throw unsupported(prepared.statement->text.substr(0, prepared.statement->text.find('('))
                                  .substr(0, 60));
          },
      },
      statement.node);
}

bool SessionState::starts_at_once(const Portal& portal) const {
  if (portal.started || !portal.prepared->statement) return true;
  const auto planned = std::static_pointer_cast<const Planned>(portal.prepared->plan);
  const auto& node = portal.prepared->statement->statement.node;
  if (std::holds_alternative<ast::SetVariable>(node) || std::holds_alternative<ast::Begin>(node))
    return true;
  if (!planned || !planned->select || !std::holds_alternative<ast::SelectStatement>(node))
    return false;
  return selects_at_once(const_cast<SessionState&>(*this), *planned->select);
}

}  // namespace tailrace::engine
