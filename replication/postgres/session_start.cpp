// From a connection to a running stream: is it the server we know, is the slot where we left it.
#include <fmt/format.h>

#include <algorithm>

#include "replication/postgres/server_checks.hpp"
#include "replication/postgres/session.hpp"
#include "replication/postgres/upstream_types.hpp"

namespace tailrace::replication {
namespace {

// How long a session of ours that upstream still believes alive gets to end.
constexpr std::chrono::seconds takeover_wait(5);
// Of what upstream answers at once.
constexpr std::chrono::seconds answer_timeout(30);

// The slot is there, but what it kept is gone.
bool is_invalidation(const UpstreamError& error) {
  if (error.state() != sqlstate::object_not_in_prerequisite_state) return false;
  for (const std::string_view text :
       {"invalidated", "can no longer get changes", "can no longer access",
        "cannot read from logical replication slot"}) {
    if (error.message().find(text) != std::string::npos) return true;
  }
  return false;
}

// By which the end of a record that was read may lie behind the end of the log.
constexpr Lsn page_header_bytes_max = 40;

constexpr std::uint32_t version_with_settable_wal_sender_timeout = 120000;
constexpr std::uint32_t version_with_wal_status = 130000;

constexpr std::string_view slot_is_lost =
    "upstream has removed changes that were not read yet, so the source must be dropped and "
    "created again; a larger "
    "max_slot_wal_keep_size upstream gives it more time";

// What upstream says of a slot whose changes it has removed.
std::string lost_text(Connection& connection) {
  const QueryResult limit =
      connection.query("SELECT pg_catalog.current_setting('max_slot_wal_keep_size', true)");
  return fmt::format(
      "replication slot has been invalidated because it exceeded the maximum reserved size "
      "(max_slot_wal_keep_size is {}): {}",
      limit.string(0, 0), slot_is_lost);
}

}  // namespace

void Session::open() {
  position_ = pipeline_.load().value_or(0);
  progress_row_ = Positions::number(shared_.store, shared_.positions.progress_key());
  take_tables();
  shared_.inquiries.begin_session();
  auto connection = Connection::open(shared_.connection(),
                                     {.purpose = "replication", .replication = true}, cancel_);
  connection->set_answer_timeout(answer_timeout);
  const Lsn log_end = check_system(*connection);
  shared_.opening_pid = connection->backend_pid();
  start_ = position_ = find_slot(*connection, log_end);
  shared_.opening_pid = 0;
  connection->set_answer_timeout(std::chrono::seconds(0));
  start_stream(std::move(connection));
  shared_.stream_pid = stream_->backend_pid();
}

Lsn Session::check_system(Connection& connection) {
  const QueryResult system = identify_system(connection);
  const std::string key = shared_.positions.system_key();
  const auto known = shared_.store.read_record(storage::RecordSpace::positions, key);
  const std::string identifier = system.string(0, 0);
  if (known && *known != identifier && has_live_tables()) {
    // Another server answers at this address. Pointing the connection back heals it, so no table is
    // given up.
    throw UpstreamError(sqlstate::object_not_in_prerequisite_state, "",
                        fmt::format("another server answers: its system identifier is {}, not {}",
                                    identifier, *known));
  }
  if (known != identifier) {
    storage::CommitRequest request;
    request.records.push_back(Positions::put(key, identifier));
    const storage::CommitOutcome outcome = shared_.store.commit(std::move(request));
    if (outcome.error) throw *outcome.error;
  }
  const auto timeline = static_cast<std::uint64_t>(system.integer(0, 1));
  if (shared_.timeline && *shared_.timeline != timeline && shared_.settings().validate_timeline) {
    throw SourceLost(
        fmt::format("database restored from point-in-time backup: its timeline is {}, not {}",
                    timeline, *shared_.timeline));
  }
  const Lsn log_end = parse_lsn(system.text(0, 2));
  check_has_what_was_read(connection, log_end);
  return log_end;
}

bool Session::was_read_beyond(Lsn log_end) const {
  return position_ > log_end + page_header_bytes_max;
}

// A copy of older files has the same timeline, and other transactions where ours were: to go on from our position would
// leave a gap that nobody sees.
void Session::check_has_what_was_read(Connection& connection, Lsn log_end) const {
  if (!has_live_tables() || !was_read_beyond(log_end)) return;
  // A standby that was started again may still have to replay it.
  if (connection.query("SELECT pg_catalog.pg_is_in_recovery()").boolean(0, 0)) return;
  throw SourceLost(
      fmt::format("database restored from point-in-time backup: its log ends at {}, but it was "
                  "already read up to {}",
                  log_end, position_));
}

// Gives the position to start from.
Lsn Session::find_slot(Connection& connection, Lsn log_end) {
  const std::string query = fmt::format(
      "SELECT active_pid, confirmed_flush_lsn, {} FROM pg_catalog.pg_replication_slots "
      "WHERE slot_name = {}",
      connection.server_version() >= version_with_wal_status ? "wal_status = 'lost'" : "false",
      quote_literal(shared_.slot));
  QueryResult slot = connection.query(query);
  // Some transactions' log cannot be decoded ("could not map filenode" after concurrent DDL). A slot that no table
  // depends on yet can begin after them.
  if (shared_.slot_failed && slot.rows() > 0 && !has_live_tables()) {
    shared_.log(
        fmt::format("source {}: upstream cannot decode replication slot {}, which is made again",
                    shared_.source_id, shared_.slot));
    connection.query("DROP_REPLICATION_SLOT " + quote_identifier(shared_.slot));
    slot = connection.query(query);
  }
  shared_.slot_failed = false;
  if (slot.rows() == 0) {
    // Before a table depends on it, it may be made, and made again: there is nothing yet that could
    // miss a change.
    if (has_live_tables()) {
      if (connection.query("SELECT pg_catalog.pg_is_in_recovery()").boolean(0, 0)) {
        // The slot may still be on the primary: pointing the connection there heals it.
        throw UpstreamError(
            sqlstate::undefined_object, "",
            fmt::format("a standby answers, and it does not have replication slot \"{}\"",
                        shared_.slot));
      }
      throw SourceLost(fmt::format(
          "slot overcompacted. Requested LSN {} but replication slot \"{}\" does not exist",
          position_, shared_.slot));
    }
    shared_.log(
        fmt::format("source {}: creating replication slot {}", shared_.source_id, shared_.slot));
    // Waits for every transaction that runs upstream.
    connection.set_answer_timeout(std::chrono::seconds(0));
    connection.query(fmt::format("CREATE_REPLICATION_SLOT {} LOGICAL pgoutput NOEXPORT_SNAPSHOT",
                                 quote_identifier(shared_.slot)));
    slot = connection.query(query);
    if (slot.rows() == 0) {
      throw UpstreamError(sqlstate::undefined_object, "",
                          fmt::format("replication slot \"{}\" does not exist", shared_.slot));
    }
    return parse_lsn(slot.text(0, 1));
  }
  if (slot.boolean(0, 2)) throw SourceLost(lost_text(connection));
  if (slot.is_null(0, 1)) {
    throw UpstreamError(sqlstate::object_in_use, "",
                        fmt::format("replication slot \"{}\" is being made", shared_.slot));
  }
  const Lsn confirmed = parse_lsn(slot.text(0, 1));
  if (!pipeline_.load() || (was_read_beyond(log_end) && !has_live_tables())) return confirmed;
  if (confirmed > position_) {
    throw SourceLost(
        fmt::format("slot overcompacted. Requested LSN {} but only LSNs >= {} are available",
                    position_, confirmed));
  }
  return position_;
}

void Session::start_stream(std::unique_ptr<Connection> connection) {
  binary_ = streams_in_binary();
  const StreamOptions options{.slot = shared_.slot,
                              .publication = shared_.publication,
                              .start = position_,
                              .binary = binary_};
  const auto deadline = Clock::now() + takeover_wait;
  const auto wal_sender_timeout = shared_.settings().wal_sender_timeout;
  while (true) {
    std::optional<UpstreamError> in_use;
    if (wal_sender_timeout &&
        connection->server_version() >= version_with_settable_wal_sender_timeout)
      connection->query(fmt::format("SET wal_sender_timeout = {}", wal_sender_timeout->count()));
    try {
      stream_ = std::make_unique<ReplicationStream>(std::move(connection), options);
      return;
    } catch (const UpstreamError& error) {
      if (is_invalidation(error)) {
        throw SourceLost(fmt::format("{}: {}", error.status_text(), slot_is_lost));
      }
      if (error.state() != sqlstate::object_in_use || Clock::now() > deadline) throw;
      in_use = error;
    }
    // The walsender of a session that we lost, or another program: the slot is ours.
    connection = Connection::open(shared_.connection(),
                                  {.purpose = "replication", .replication = true}, cancel_);
    try {
      connection->query(fmt::format(
          "SELECT pg_catalog.pg_terminate_backend(active_pid), pg_catalog.pg_sleep(0.05) "
          "FROM pg_catalog.pg_replication_slots WHERE slot_name = {} AND active_pid IS NOT NULL",
          quote_literal(shared_.slot)));
    } catch (const UpstreamError& error) {
      if (error.state() != sqlstate::insufficient_privilege) throw;
      in_use->hint("The slot is held by a session of another role, which must be ended upstream.");
      throw *in_use;
    }
  }
}

bool Session::has_live_tables() const {
  return std::any_of(tables_.begin(), tables_.end(), [](const auto& entry) {
    return entry.second->phase == TableStream::Phase::live;
  });
}

bool Session::streams_in_binary() const {
  for (const auto& [collection, stream] : tables_) {
    if (stream->phase == TableStream::Phase::ceased) continue;
    const TableExport& table = stream->table();
    for (std::size_t i = 0; i < table.schema.size(); ++i) {
      const auto upstream = static_cast<std::size_t>(table.column_map[i]);
      if (table.as_text[i] ||
          !replication::streams_in_binary(table.upstream.columns[upstream].type_oid,
                                          table.schema.columns[i].type)) {
        return false;
      }
    }
  }
  return !tables_.empty();
}

}  // namespace tailrace::replication
