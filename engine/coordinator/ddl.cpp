#include "engine/coordinator/ddl.hpp"

#include <fmt/format.h>

#include "engine/coordinator/options.hpp"
#include "grammar/printer.hpp"
#include "repr/overloaded.hpp"

namespace tailrace::engine {

namespace {

// alter_options.cpp
bool has_options(ast::ObjectKind kind) {
  using enum ast::ObjectKind;
  return kind == source || kind == table || kind == materialized_view;
}

std::optional<StatementResult> run(SessionState& session, const ast::Statement& statement) {
  using Result = std::optional<StatementResult>;
  return std::visit(
      Overloaded{
          [&](const ast::CreateDatabase& s) -> Result { return create_database(session, s); },
          [&](const ast::CreateSchema& s) -> Result { return create_schema(session, s); },
          [&](const ast::CreateRole& s) -> Result { return create_role(session, s); },
          [&](const ast::AlterRoleAttributes& s) -> Result { return alter_role(session, s); },
          [&](const ast::AlterRoleVariable& s) -> Result {
            return alter_role_variable(session, s);
          },
          [&](const ast::CreateCluster& s) -> Result { return create_cluster(session, s); },
          [&](const ast::CreateSecret& s) -> Result { return create_secret(session, s); },
          [&](const ast::AlterSecret& s) -> Result { return alter_secret(session, s); },
          [&](const ast::CreateConnection& s) -> Result { return create_connection(session, s); },
          [&](const ast::AlterConnection& s) -> Result { return alter_connection(session, s); },
          [&](const ast::CreateTable& s) -> Result { return create_table(session, s); },
          [&](const ast::CreateTableFromSource& s) -> Result {
            return create_table_from_source(session, s);
          },
          [&](const ast::CreateView& s) -> Result { return create_view(session, s); },
          [&](const ast::CreateMaterializedView& s) -> Result {
            return create_materialized_view(session, s);
          },
          [&](const ast::CreateIndex& s) -> Result { return create_index(session, s); },
          [&](const ast::CreateSource& s) -> Result { return create_source(session, s); },
          [&](const ast::AlterSource& s) -> Result { return alter_source(session, s); },
          [&](const ast::AlterSetOptions& s) -> Result {
            if (s.kind == ast::ObjectKind::cluster) return alter_cluster(session, s);
            if (has_options(s.kind)) return set_options(session, s);
            throw unsupported(fmt::format("ALTER {} ... SET", ast::keywords(s.kind)));
          },
          [&](const ast::AlterResetOptions& s) -> Result {
            if (has_options(s.kind)) return reset_options(session, s);
            throw unsupported(fmt::format("ALTER {} ... RESET", ast::keywords(s.kind)));
          },
          [&](const ast::Drop& s) -> Result { return drop_objects(session, s); },
          [&](const ast::Rename& s) -> Result { return rename_object(session, s); },
          [&](const ast::SetOwner& s) -> Result { return set_owner(session, s); },
          [&](const ast::CommentOn& s) -> Result { return comment_on(session, s); },
          [&](const ast::GrantPrivileges& s) -> Result { return grant_privileges(session, s); },
          [&](const ast::GrantRoles& s) -> Result { return grant_roles(session, s); },
          [](const auto&) -> Result { return std::nullopt; },
      },
      statement.node);
}

}  // namespace

bool execute_ddl(SessionState& session, const grammar::ParsedStatement& statement,
                 StatementResult& result) {
  auto done = run(session, statement.statement);
  if (!done) return false;
  // Outside a block each definition commits by itself; inside, all commit together.
  if (!session.in_transaction_block()) session.end_implicit(false);
  result = std::move(*done);
  return true;
}

StatementResult ddl_result(std::string tag) {
  StatementResult result;
  result.tag = std::move(tag);
  return result;
}

bool name_is_free(SessionState& session, const ast::ObjectName& name, bool if_not_exists,
                  std::string_view kind) {
  const catalog::Catalog& catalog = session.catalog();
  const auto [schema, last] = catalog.creation_target(name, session.scope());
  const catalog::Item* existing = catalog.find_in_schema(schema->id, last);
  if (existing == nullptr) return true;
  if (if_not_exists) {
    session.notice(fmt::format("{} \"{}\" already exists, skipping", kind, last),
                   sqlstate::duplicate_object);
    return false;
  }
  if (kind == "secret" || kind == "connection" || kind == "source") {
    throw SqlError(sqlstate::duplicate_object,
                   fmt::format("catalog item '{}' already exists", last))
        .position(name.position);
  }
  throw SqlError(
      existing->is_relation() ? sqlstate::duplicate_table : sqlstate::duplicate_object,
      fmt::format("{} \"{}\" already exists", existing->type_words(), catalog.full_name(*existing)))
      .position(name.position);
}

catalog::Item new_item(SessionState& session, const ast::ObjectName& name) {
  catalog::CatalogTransaction& ddl = session.ddl();
  const auto [schema, last] = session.catalog().creation_target(name, session.scope());
  if (!schema->database) {
    throw SqlError(sqlstate::insufficient_privilege,
                   fmt::format("system schema '{}' cannot be modified", schema->name))
        .position(name.position);
  }
  catalog::Item item;
  item.id = ddl.next_item_id();
  item.oid = ddl.next_oid();
  item.name = last;
  item.schema = schema->id;
  item.owner = session.role().id;
  return item;
}

ast::ObjectName full_name_of(SessionState& session, const catalog::Item& item) {
  return session.catalog().object_name(item);
}

std::optional<std::uint64_t> retain_history(const std::vector<ast::Option>& given) {
  OptionReader options(given, "relations");
  return options.milliseconds("RETAIN HISTORY");
}

void require_system_ok(const catalog::Item& item, const catalog::Catalog& catalog) {
  if (!item.id.is_system()) return;
  throw SqlError(sqlstate::insufficient_privilege,
                 fmt::format("system item '{}' cannot be modified", catalog.full_name(item)));
}

}  // namespace tailrace::engine
