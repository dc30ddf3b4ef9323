// ALTER SOURCE | TABLE | MATERIALIZED VIEW ... SET (...) and RESET (...): what is said after WITH when such an object is
// made, said anew.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/coordinator/ddl.hpp"
#include "engine/coordinator/source_settings.hpp"
#include "grammar/parser.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

using ast::ObjectKind;

constexpr std::uint64_t default_retention_ms = 1000;

template <class Statement>
const catalog::Item* item_to_change(SessionState& session, const Statement& statement) {
  const catalog::Item* item = session.catalog().find_item(statement.name, session.scope());
  if (item == nullptr && statement.if_exists) {
    session.notice(fmt::format("{} \"{}\" does not exist, skipping", ast::keywords(statement.kind),
                               statement.name.last()),
                   sqlstate::undefined_object);
    return nullptr;
  }
  item = &session.catalog().resolve_item(statement.name, session.scope());
  require_system_ok(*item, session.catalog());
  const bool is_of_kind =
      statement.kind == ObjectKind::source  ? item->as<catalog::Source>() != nullptr
      : statement.kind == ObjectKind::table ? item->as<catalog::Table>() != nullptr
      : statement.kind == ObjectKind::materialized_view
          ? item->as<catalog::MaterializedView>() != nullptr
          : false;
  if (!is_of_kind) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is not a {}", session.catalog().full_name(*item),
                               ast::keywords(statement.kind)))
        .position(statement.name.position);
  }
  return item;
}

// Sources have an interval at which nothing happens here; all stored relations have a history.
void require_option_of(ObjectKind kind, std::string_view name, std::uint32_t position) {
  if (name == "RETAIN HISTORY") return;
  if (name == "TIMESTAMP INTERVAL" && kind == ObjectKind::source) return;
  if (kind == ObjectKind::source) {
    throw SqlError(sqlstate::syntax_error,
                   fmt::format("Expected one of TIMESTAMP or RETAIN, found {}", name))
        .position(position);
  }
  throw unsupported(fmt::format("{} of ALTER {}", name, ast::keywords(kind)));
}

void set_retention(catalog::Item& item, std::uint64_t milliseconds) {
  if (auto* table = std::get_if<catalog::Table>(&item.body))
    table->retain_history_ms = milliseconds;
  if (auto* source = std::get_if<catalog::Source>(&item.body))
    source->retain_history_ms = milliseconds;
  if (auto* view = std::get_if<catalog::MaterializedView>(&item.body))
    view->retain_history_ms = milliseconds;
}

// The statement that makes the item, with other options. A subsource has the source's.
std::string with_options(const std::string& create_sql,
                         const std::function<void(std::vector<ast::Option>&)>& change) {
  if (create_sql.starts_with("CREATE SUBSOURCE ")) return create_sql;
  ast::Statement statement = grammar::parse_statement(create_sql);
  std::visit(
      [&](auto& node) {
        if constexpr (requires { std::vector<ast::Option>(node.with); }) change(node.with);
      },
      statement.node);
  return grammar::print(statement);
}

// The source's retention is that of its subsources.
std::vector<catalog::Item> with_subsources(const catalog::Catalog& catalog,
                                           const catalog::Item& item) {
  std::vector<catalog::Item> items = {item};
  for (const auto& [id, other] : catalog.items()) {
    const auto* source = other->as<catalog::Source>();
    if (source != nullptr && source->kind == catalog::Source::Kind::subsource &&
        source->parent == item.id)
      items.push_back(*other);
  }
  return items;
}

void change_options(SessionState& session, const catalog::Item& item,
                    std::optional<std::uint64_t> retention_ms,
                    const std::function<void(std::vector<ast::Option>&)>& change) {
  std::vector<catalog::Item> items = with_subsources(session.catalog(), item);
  catalog::CatalogTransaction& ddl = session.ddl();
  for (catalog::Item& each : items) {
    each.create_sql = with_options(each.create_sql, change);
    if (retention_ms) set_retention(each, *retention_ms);
    ddl.replace(std::move(each));
  }
}

StatementResult altered(ObjectKind kind) {
  return ddl_result(fmt::format("ALTER {}", ast::keywords(kind)));
}

}  // namespace

StatementResult set_options(SessionState& session, const ast::AlterSetOptions& statement) {
  for (const ast::Option& option : statement.options)
    require_option_of(statement.kind, option.name, option.position);
  const catalog::Item* item = item_to_change(session, statement);
  if (item == nullptr) return altered(statement.kind);
  check_timestamp_interval(session.catalog(), statement.options);
  const std::optional<std::uint64_t> retention = retain_history(statement.options);
  change_options(session, *item, retention, [&](std::vector<ast::Option>& with) {
    for (const ast::Option& option : statement.options) {
      const auto old = std::ranges::find(with, option.name, &ast::Option::name);
      if (old != with.end()) {
        *old = option;
      } else {
        with.push_back(option);
      }
    }
  });
  return altered(statement.kind);
}

StatementResult reset_options(SessionState& session, const ast::AlterResetOptions& statement) {
  bool resets_retention = false;
  for (const ast::OptionName& option : statement.options) {
    require_option_of(statement.kind, option.value, option.position);
    resets_retention = resets_retention || option.value == "RETAIN HISTORY";
  }
  const catalog::Item* item = item_to_change(session, statement);
  if (item == nullptr) return altered(statement.kind);
  const auto retention = resets_retention ? std::optional(default_retention_ms) : std::nullopt;
  change_options(session, *item, retention, [&](std::vector<ast::Option>& with) {
    std::erase_if(with, [&](const ast::Option& option) {
      return std::ranges::any_of(statement.options,
                                 [&](const auto& name) { return name.value == option.name; });
    });
  });
  return altered(statement.kind);
}

}  // namespace tailrace::engine
