#include "engine/coordinator/show_create.hpp"

#include <fmt/format.h>

#include "engine/coordinator/source_tables.hpp"
#include "grammar/parser.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

using ast::ObjectKind;

std::string show_create_cluster(const catalog::Cluster& cluster) {
  if (!cluster.managed) throw unsupported("SHOW CREATE for unmanaged clusters");
  return fmt::format(
      "CREATE CLUSTER \"{}\" (EXPERIMENTAL ARRANGEMENT COMPRESSION = false, INTROSPECTION "
      "DEBUGGING = false, "
      "INTROSPECTION INTERVAL = INTERVAL '00:00:01', MANAGED = true, REPLICATION FACTOR = {}, SIZE "
      "= '{}', "
      "SCHEDULE = MANUAL)",
      cluster.name, cluster.replication_factor, cluster.size);
}

std::string sql_of(const catalog::Catalog& catalog, const catalog::Item& item, bool redacted) {
  if (item.as<catalog::Source>() != nullptr) return sql_of_source(catalog, item, redacted);
  ast::Statement statement = grammar::parse_statement(item.create_sql);
  if (auto* table = std::get_if<ast::CreateTableFromSource>(&statement.node)) {
    table->source = catalog.object_name(catalog.item(item.as<catalog::Table>()->source));
  }
  return grammar::print(statement, {.redacted = redacted, .without_ids = true});
}

}  // namespace

std::pair<std::string, std::string> show_create(SessionState& session,
                                                const ast::ShowCreate& show) {
  const catalog::Catalog& catalog = session.catalog();
  if (show.kind == ObjectKind::cluster) {
    const catalog::Cluster& cluster = catalog.resolve_cluster(show.name.last());
    return {cluster.name, show_create_cluster(cluster)};
  }
  // What it would show is the one thing that a secret keeps to itself.
  if (show.kind == ObjectKind::secret) throw unsupported("SHOW CREATE SECRET");
  const catalog::Item& item = catalog.resolve_item(show.name, session.scope());
  if (!is_of_kind(item, show.kind)) {
    std::string kind;
    for (const char c : ast::keywords(show.kind)) kind += static_cast<char>(std::tolower(c));
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is not a {}", catalog.full_name(item), kind));
  }
  if (item.create_sql.empty() || (item.id.is_system() && item.as<catalog::View>() == nullptr)) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("cannot show create for system object {}", catalog.full_name(item)));
  }
  return {catalog.full_name(item), sql_of(catalog, item, show.redacted) + ";"};
}

}  // namespace tailrace::engine
