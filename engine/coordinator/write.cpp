#include <fmt/format.h>

#include <thread>

#include "engine/coordinator/required_privileges.hpp"
#include "engine/coordinator/row_sources.hpp"
#include "engine/coordinator/session_state.hpp"
#include "engine/optimizer/optimizer.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

// A read-then-write statement outside a block is tried again this often when another write of its tables comes between.
constexpr int write_attempts_max = 100;

std::uint64_t count(const std::vector<Batch>& batches) {
  std::uint64_t rows = 0;
  for (const Batch& batch : batches) {
    for (std::size_t i = 0; i < batch.rows; ++i) rows += static_cast<std::uint64_t>(batch.diffs[i]);
  }
  return rows;
}

void refuse_in_block(SessionState& session, std::string_view verb) {
  Transaction& open = session.transaction();
  if (open.read_only || open.only_reads()) {
    throw SqlError(sqlstate::read_only_sql_transaction, "transaction in read-only mode");
  }
  if (open.subscribed) {
    throw SqlError(sqlstate::read_only_sql_transaction, "transaction in read-only mode")
        .detail(fmt::format("{} cannot be combined with SUBSCRIBE.", verb));
  }
}

void check_not_null(const catalog::Item& table, const std::vector<Batch>& rows) {
  const Schema& schema = *table.relation_schema();
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (schema.columns[i].nullable) continue;
    for (const Batch& batch : rows) {
      const Column& column = *batch.columns[i];
      if (!column.has_nulls()) continue;
      for (std::size_t row = 0; row < batch.rows; ++row) {
        if (!column.is_null(row) || batch.diffs[row] <= 0) continue;
        throw SqlError(sqlstate::not_null_violation,
                       fmt::format("null value in column \"{}\" violates not-null constraint",
                                   schema.columns[i].name));
      }
    }
  }
}

// Runs `attempt`, which reads and notes its writes; outside a block commits at once and tries again on a conflict.
template <class Attempt>
void read_then_write(SessionState& session, const catalog::Item& table, const Attempt& attempt) {
  if (session.in_transaction_block() || session.transaction().has_effects()) {
    attempt();
    return;
  }
  const std::shared_ptr<std::mutex> serialised =
      session.coordinator().write_lock(catalog::collection_of(table.id));
  std::unique_lock lock(*serialised, std::defer_lock);
  while (!lock.try_lock()) {
    session.cancel_token().check();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  for (int tries = 1;; ++tries) {
    attempt();
    try {
      session.end_implicit(false);
      return;
    } catch (const SqlError& error) {
      if (!(error.state() == sqlstate::serialization_failure) || tries == write_attempts_max) throw;
      session.cancel_token().check();
    }
  }
}

BindContext write_context(SessionState& session, const std::vector<Type>& types,
                          ParameterTypes& parameters, std::vector<catalog::ItemId>& reads,
                          std::vector<catalog::ItemId>& named) {
  parameters.assign(types.begin(), types.end());
  BindContext context = session.bind_context(Purpose::write);
  context.parameters = &parameters;
  context.reads = &reads;
  context.dependencies = &named;
  return context;
}

// The reading part of a write may touch tables of users and views over them only.
void check_selection(SessionState& session, const std::vector<catalog::ItemId>& reads) {
  const auto visit = [&](const auto& self, catalog::ItemId id) -> void {
    const catalog::Item& item = session.catalog().item(id);
    const auto* table = item.as<catalog::Table>();
    if (id.is_system() || item.as<catalog::Source>() || (table && table->source)) {
      throw SqlError(sqlstate::invalid_object_definition,
                     "invalid selection: operation may only (transitively) refer to non-source, "
                     "non-system tables")
          .detail(fmt::format("{} is a {}.", session.catalog().full_name(item),
                              id.is_system() ? "system relation" : "source or a table of one"));
    }
    if (table == nullptr) {
      for (const catalog::ItemId used : item.uses) self(self, used);
    }
  };
  for (const catalog::ItemId id : reads) visit(visit, id);
}

void check_permitted(SessionState& session, const catalog::Item& table,
                     catalog::Privilege privilege, const std::vector<catalog::ItemId>& named) {
  if (is_restricted(session)) require(session, needs_of_writing(session, table, privilege, named));
}

}  // namespace

void add_write(SessionState& session, storage::CollectionId table, Batch rows) {
  if (rows.empty()) return;
  session.transaction().writes[table].push_back(std::make_shared<const Batch>(std::move(rows)));
}

StatementResult execute_insert(SessionState& session, const ast::Insert& insert,
                               const std::vector<Value>& values, const std::vector<Type>& types) {
  refuse_in_block(session, "INSERT");
  ParameterTypes parameters;
  std::vector<catalog::ItemId> reads;
  std::vector<catalog::ItemId> named;
  BindContext context = write_context(session, types, parameters, reads, named);
  const BoundInsert bound = bind_insert(insert, context);
  if (!bound.returning.empty()) named.push_back(bound.table->id);
  check_permitted(session, *bound.table, catalog::Privilege::insert, named);
  if (!bound.constant) check_selection(session, reads);
  const PlanPtr plan =
      optimize(replace_parameters(bound.plan, values), {.session = &session.session_context()});
  StatementResult result;
  std::vector<Batch> rows;
  const auto attempt = [&] {
    rows = read_for_write(session, plan, reads);
    check_not_null(*bound.table, rows);
    for (const Batch& batch : rows)
      add_write(session, catalog::collection_of(bound.table->id), batch);
  };
  if (bound.constant) {
    attempt();
  } else {
    read_then_write(session, *bound.table, attempt);
  }
  result.tag = fmt::format("INSERT 0 {}", count(rows));
  if (!bound.returning.empty()) {
    std::deque<Batch> returned;
    plan::MapFilterProject projection;
    projection.maps = bound.returning;
    const int width = static_cast<int>(bound.table->relation_schema()->size());
    for (std::size_t i = 0; i < bound.returning.size(); ++i) {
      projection.projection.push_back(width + static_cast<int>(i));
    }
    const EvaluationContext evaluation{.session = &session.session_context(),
                                       .cancel = &session.cancel_token()};
    for (const Batch& batch : rows) {
      MapFilterProjectResult mapped = apply(projection, expand_diffs(batch), evaluation);
      if (!mapped.errors.empty()) throw error_at(mapped.errors, 0).to_sql_error();
      returned.push_back(std::move(mapped.rows));
    }
    result.rows = std::make_unique<BatchesSource>(bound.returning_schema, std::move(returned));
    result.tag_has_count = true;
  }
  return result;
}

StatementResult execute_delete(SessionState& session, const ast::Delete& statement,
                               const std::vector<Value>& values, const std::vector<Type>& types) {
  refuse_in_block(session, "DELETE");
  ParameterTypes parameters;
  std::vector<catalog::ItemId> reads;
  std::vector<catalog::ItemId> named;
  BindContext context = write_context(session, types, parameters, reads, named);
  const BoundDelete bound = bind_delete(statement, context);
  check_permitted(session, *bound.table, catalog::Privilege::delete_, named);
  check_selection(session, reads);
  const PlanPtr plan =
      optimize(replace_parameters(bound.plan, values), {.session = &session.session_context()});
  std::vector<Batch> rows;
  read_then_write(session, *bound.table, [&] {
    rows = read_for_write(session, plan, reads);
    for (const Batch& batch : rows)
      add_write(session, catalog::collection_of(bound.table->id), batch.negated());
  });
  StatementResult result;
  result.tag = fmt::format("DELETE {}", count(rows));
  return result;
}

StatementResult execute_update(SessionState& session, const ast::Update& statement,
                               const std::vector<Value>& values, const std::vector<Type>& types) {
  refuse_in_block(session, "UPDATE");
  ParameterTypes parameters;
  std::vector<catalog::ItemId> reads;
  std::vector<catalog::ItemId> named;
  BindContext context = write_context(session, types, parameters, reads, named);
  const BoundUpdate bound = bind_update(statement, context);
  check_permitted(session, *bound.table, catalog::Privilege::update, named);
  check_selection(session, reads);
  const PlanPtr plan =
      optimize(replace_parameters(bound.plan, values), {.session = &session.session_context()});
  const int width = static_cast<int>(bound.table->relation_schema()->size());
  std::vector<int> before;
  std::vector<int> after;
  for (int i = 0; i < width; ++i) {
    before.push_back(i);
    after.push_back(width + i);
  }
  std::vector<Batch> rows;
  read_then_write(session, *bound.table, [&] {
    rows = read_for_write(session, plan, reads);
    const storage::CollectionId table = catalog::collection_of(bound.table->id);
    std::vector<Batch> updated;
    for (const Batch& batch : rows) updated.push_back(batch.project(after));
    check_not_null(*bound.table, updated);
    for (const Batch& batch : rows) add_write(session, table, batch.project(before).negated());
    for (Batch& batch : updated) add_write(session, table, std::move(batch));
  });
  StatementResult result;
  result.tag = fmt::format("UPDATE {}", count(rows));
  return result;
}

}  // namespace tailrace::engine
