#include "replication/postgres/purification.hpp"

#include <fmt/format.h>

#include "replication/postgres/connection.hpp"
#include "replication/postgres/references.hpp"
#include "replication/postgres/server_checks.hpp"
#include "replication/postgres/table_checks.hpp"
#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {
namespace {

std::unique_ptr<Connection> open_for_query(const ConnectionConfig& config, CancelToken& cancel) {
  return Connection::open(config, {.purpose = "query", .replication = false}, cancel);
}

void check_publication(Connection& connection, const std::string& publication) {
  if (publication_oid(connection, publication)) return;
  throw SqlError(sqlstate::connection_failure, "failed to connect to PostgreSQL database")
      .detail(fmt::format("publication \"{}\" does not exist", publication));
}

std::optional<std::uint64_t> read_timeline(const ConnectionConfig& config, CancelToken& cancel) {
  const auto session =
      Connection::open(config, {.purpose = "identify", .replication = true}, cancel);
  const QueryResult system = identify_system(*session);
  return static_cast<std::uint64_t>(system.integer(0, 1));
}

}  // namespace

PurifiedSource purify(const PurificationRequest& request, CancelToken& cancel) {
  const auto connection = open_for_query(request.connection, cancel);
  check_server(*connection);
  check_publication(*connection, request.publication);
  check_replication_role(*connection);
  check_slots(*connection, request.slots_needed);

  const std::vector<PublishedTable> publication =
      read_publication(*connection, request.publication);
  if (publication.empty()) {
    throw SqlError(
        sqlstate::invalid_parameter_value,
        fmt::format("PUBLICATION {} is empty", quote_identifier_if_needed(request.publication)));
  }
  std::vector<SelectedTable> selected = resolve_tables(request, publication);
  resolve_columns(request, publication, selected);
  resolve_constraints(request, publication, selected);

  SelectedTables tables;
  for (const SelectedTable& table : selected) tables.push_back(&publication[table.published]);
  check_privileges(tables);
  check_row_level_security(tables);
  check_row_filters(tables);
  check_replica_identity(publication, selected);

  PurifiedSource purified;
  purified.tables = make_exports(publication, selected, request.bare_columns);
  for (const SelectedTable& table : selected) purified.reference_of.push_back(table.reference);
  for (const PublishedTable& published : publication) purified.available.push_back(published.table);
  purified.database = request.connection.database;
  purified.publication = request.publication;
  purified.server_version = connection->server_version();
  purified.timeline = read_timeline(request.connection, cancel);
  const std::vector<std::string> missing = unpublished_actions(*connection, request.publication);
  if (!missing.empty()) {
    purified.notices.push_back(fmt::format(
        "publication \"{}\" does not publish {}: the tables here will drift from upstream's",
        request.publication, fmt::join(missing, ", ")));
  }
  return purified;
}

void validate_connection(const ConnectionConfig& connection, CancelToken& cancel) {
  check_server(*open_for_query(connection, cancel));
}

void drop_slot(const ConnectionConfig& config, const std::string& slot, CancelToken& cancel) {
  const auto connection = open_for_query(config, cancel);
  // Not pg_drop_replication_slot alone: our own walsender may linger after a cut connection.
  connection->query(
      "SELECT pg_catalog.pg_terminate_backend(active_pid) FROM pg_catalog.pg_replication_slots "
      "WHERE slot_name = $1 AND active_pid IS NOT NULL",
      std::vector{slot});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (true) {
    try {
      connection->query(
          "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM "
          "pg_catalog.pg_replication_slots "
          "WHERE slot_name = $1",
          std::vector{slot});
      return;
    } catch (const UpstreamError& error) {
      if (error.state() == sqlstate::undefined_object) return;
      // The terminated session needs a moment to let go.
      if (error.state() != sqlstate::object_in_use || std::chrono::steady_clock::now() > deadline)
        throw;
    }
    connection->query("SELECT pg_catalog.pg_sleep(0.05)");
  }
}

}  // namespace tailrace::replication
