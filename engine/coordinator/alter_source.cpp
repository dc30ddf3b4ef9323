// ALTER SOURCE: tables come to and go from a running source.
#include <fmt/format.h>

#include "engine/coordinator/source_tables.hpp"

namespace tailrace::engine {

namespace {

using replication::PurifiedSource;

void refuse_tables_only(SessionState& session, const catalog::Item& source) {
  if (!fills_tables_only(source)) return;
  const std::string name = session.catalog().full_name(source);
  throw SqlError(sqlstate::wrong_object_type,
                 fmt::format("source {} has tables instead of subsources", name))
      .hint(
          fmt::format("Use CREATE TABLE ... FROM SOURCE {} (REFERENCE ...) and DROP TABLE.", name));
}

// The same upstream table would be streamed into two subsources.
void refuse_known_tables(SessionState& session, const catalog::Item& source,
                         const PurifiedSource& purified) {
  const catalog::Catalog& catalog = session.catalog();
  for (const catalog::Item* item : tables_of_source(catalog, source.id)) {
    const Oid oid = export_of(*item).upstream.oid;
    for (const replication::TableExport& table : purified.tables) {
      if (table.upstream.oid != oid) continue;
      throw SqlError(sqlstate::duplicate_object,
                     fmt::format("multiple subsources refer to table {}.{}.{}", purified.database,
                                 table.upstream.schema, table.upstream.name))
          .detail(fmt::format("subsources referencing table: {}", catalog.full_name(*item)))
          .hint("Drop the subsource first.");
    }
  }
}

void add_subsources(SessionState& session, const catalog::Item& source,
                    const ast::AddSubsources& added) {
  refuse_tables_only(session, source);
  const catalog::ItemId id = source.id;
  replication::PurificationRequest request = request_for_source(session, source);
  request.tables = table_references(added.tables);
  OptionReader options(added.with, "ALTER SOURCE ... ADD SUBSOURCE");
  request.text_columns = column_list(options, "TEXT COLUMNS");
  request.exclude_columns = column_list(options, "EXCLUDE COLUMNS");
  options.finish();

  const PurifiedSource purified = replication::purify(request, session.cancel_token());
  for (const std::string& text : purified.notices) session.notice(text);
  catalog::CatalogTransaction& ddl = session.ddl();
  const catalog::Item now = session.catalog().item(id);
  refuse_known_tables(session, now, purified);
  for (std::size_t i = 0; i < purified.tables.size(); ++i) {
    const ast::ExternalReference& reference = added.tables.at(purified.reference_of.at(i));
    ast::ObjectName name = session.catalog().object_name(now);
    name.parts.back() = ast::Ident{purified.tables[i].upstream.name};
    if (reference.alias) name = *reference.alias;
    ddl.create(subsource_item(session, name, now, purified.tables[i], std::nullopt));
  }
}

void drop_subsources(SessionState& session, const catalog::Item& source,
                     const ast::DropSubsources& dropped) {
  refuse_tables_only(session, source);
  const catalog::ItemId id = source.id;
  ast::Drop drop{.kind = ast::ObjectKind::source, .if_exists = dropped.if_exists};
  drop.behavior = dropped.cascade ? ast::Drop::Behavior::cascade : ast::Drop::Behavior::restrict_;
  for (const ast::ObjectName& name : dropped.names) {
    const catalog::Item* item = session.catalog().find_item(name, session.scope());
    if (item == nullptr && dropped.if_exists) {
      session.notice(fmt::format("subsource \"{}\" does not exist, skipping", name.last()),
                     sqlstate::undefined_object);
      continue;
    }
    item = &session.catalog().resolve_item(name, session.scope());
    const auto* subsource = item->as<catalog::Source>();
    if (subsource == nullptr || subsource->kind != catalog::Source::Kind::subsource ||
        subsource->parent != id) {
      throw SqlError(sqlstate::wrong_object_type,
                     fmt::format("{} is not a subsource of {}", session.catalog().full_name(*item),
                                 session.catalog().full_name(session.catalog().item(id))))
          .position(name.position);
    }
    drop.names.push_back(name);
  }
  if (!drop.names.empty()) drop_objects(session, drop);
}

void refresh_references(SessionState& session, const catalog::Item& source) {
  const catalog::ItemId id = source.id;
  replication::PurificationRequest request = request_for_source(session, source);
  request.selection = replication::PurificationRequest::Selection::none;
  request.slots_needed = 0;
  const PurifiedSource purified = replication::purify(request, session.cancel_token());
  catalog::CatalogTransaction& ddl = session.ddl();
  catalog::Item now = session.catalog().item(id);
  std::get<catalog::Source>(now.body).details = source_details(purified);
  ddl.replace(std::move(now));
}

}  // namespace

StatementResult alter_source(SessionState& session, const ast::AlterSource& statement) {
  if (statement.if_exists &&
      session.catalog().find_item(statement.name, session.scope()) == nullptr) {
    session.notice(fmt::format("source \"{}\" does not exist, skipping", statement.name.last()),
                   sqlstate::undefined_object);
    return ddl_result("ALTER SOURCE");
  }
  const catalog::Item& source = resolve_postgres_source(session, statement.name);
  if (const auto* added = std::get_if<ast::AddSubsources>(&statement.action)) {
    add_subsources(session, source, *added);
  } else if (const auto* dropped = std::get_if<ast::DropSubsources>(&statement.action)) {
    drop_subsources(session, source, *dropped);
  } else {
    refresh_references(session, source);
  }
  return ddl_result("ALTER SOURCE");
}

}  // namespace tailrace::engine
