#include <fmt/format.h>

#include <chrono>

#include "engine/coordinator/options.hpp"
#include "engine/coordinator/row_sources.hpp"
#include "engine/coordinator/session_state.hpp"
#include "engine/coordinator/subscribe.hpp"

namespace tailrace::engine {

namespace {

constexpr std::uint64_t timeout_ms_max = 24ull * 3600 * 1000;

// How long FETCH waits: for the first row; until a time; not at all.
std::optional<std::uint64_t> timeout_of(const ast::Fetch& fetch) {
  OptionReader options(fetch.with, "FETCH");
  const auto timeout = options.milliseconds("TIMEOUT");
  options.finish();
  if (timeout && *timeout > timeout_ms_max) {
    throw SqlError(sqlstate::invalid_parameter_value, "timeout out of range")
        .hint("A timeout is at most 24 hours.");
  }
  return timeout;
}

// The ready rows of a SUBSCRIBE cursor, up to the count.
std::deque<Batch> fetch_changes(SubscribeSource& source, std::size_t count,
                                std::optional<std::uint64_t> timeout_ms, CancelToken& cancel) {
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> deadline;
  if (timeout_ms) deadline = Clock::now() + std::chrono::milliseconds(*timeout_ms);
  std::deque<Batch> batches;
  std::size_t rows = 0;
  while (rows < count) {
    // Without a timeout only the first row is waited for.
    const auto until = rows > 0 && !deadline ? std::optional(Clock::now()) : deadline;
    std::optional<Batch> batch = source.next_until(count - rows, until, cancel);
    if (!batch || batch->empty()) break;
    rows += batch->rows;
    batches.push_back(std::move(*batch));
  }
  return batches;
}

}  // namespace

StatementResult execute_declare(SessionState& session, const ast::Declare& declare,
                                const std::vector<Value>& values) {
  // A simple query of several statements is a block too: its implicit transaction is open by then.
  session.transaction();
  if (declare.with_hold) throw unsupported("WITH HOLD of cursors");
  const std::string& name = declare.name.value;
  if (session.portals().contains(name)) {
    throw SqlError(sqlstate::duplicate_cursor, fmt::format("cursor \"{}\" already exists", name));
  }
  if (!session.in_transaction_block()) {
    throw SqlError(sqlstate::no_active_sql_transaction,
                   "DECLARE CURSOR can only be used in transaction blocks");
  }
  auto parsed = std::make_shared<grammar::ParsedStatement>();
  std::visit([&](const auto& source) { parsed->statement.node = source; }, declare.source);
  const PreparedStatementPtr prepared = session.prepare(parsed, {});
  const auto portal = session.bind(name, prepared, values, {});
  try {
    portal->started = true;
    portal->result =
        std::holds_alternative<ast::Subscribe>(declare.source)
            ? execute_subscribe(session, std::get<ast::Subscribe>(declare.source), values)
            : session.execute(*prepared, values);
  } catch (...) {
    session.close_portal(name);
    throw;
  }
  StatementResult result;
  result.tag = "DECLARE CURSOR";
  return result;
}

StatementResult execute_fetch(SessionState& session, const ast::Fetch& fetch) {
  const auto found = session.portals().find(fetch.name.value);
  if (found == session.portals().end()) {
    throw SqlError(sqlstate::invalid_cursor_name,
                   fmt::format("cursor \"{}\" does not exist", fetch.name.value))
        .position(fetch.name.position);
  }
  const std::shared_ptr<Portal> portal = found->second;
  session.start(*portal);
  RowSource* source = portal->result.rows.get();
  if (source == nullptr) {
    throw SqlError(sqlstate::invalid_cursor_state,
                   fmt::format("cursor \"{}\" gives no rows", fetch.name.value));
  }
  std::size_t count = 1;
  if (const auto* number = std::get_if<std::uint64_t>(&fetch.count)) count = *number;
  if (std::holds_alternative<ast::Fetch::All>(fetch.count))
    count = std::numeric_limits<std::size_t>::max();
  const std::optional<std::uint64_t> timeout_ms = timeout_of(fetch);
  std::deque<Batch> batches;
  if (auto* changes = dynamic_cast<SubscribeSource*>(source)) {
    batches = fetch_changes(*changes, count, timeout_ms, session.cancel_token());
  } else {
    for (std::size_t rows = 0; rows < count;) {
      std::optional<Batch> batch = source->next(count - rows);
      if (!batch) break;
      rows += batch->rows;
      batches.push_back(std::move(*batch));
    }
  }
  StatementResult result;
  result.tag = "FETCH";
  result.rows = std::make_unique<BatchesSource>(source->schema(), std::move(batches));
  return result;
}

}  // namespace tailrace::engine
