#include "catalog/object.hpp"

#include "repr/overloaded.hpp"

namespace tailrace::catalog {

bool Item::is_relation() const {
  return as<Table>() != nullptr || as<View>() != nullptr || as<MaterializedView>() != nullptr ||
         as<Source>() != nullptr;
}

bool Item::is_stored() const {
  if (const auto* source = as<Source>()) {
    return source->kind != Source::Kind::postgres || !source->schema.columns.empty();
  }
  return as<Table>() != nullptr || as<MaterializedView>() != nullptr;
}

const tailrace::Schema* Item::relation_schema() const {
  return std::visit(Overloaded{
                        [](const Table& table) { return &table.schema; },
                        [](const View& view) { return &view.schema; },
                        [](const MaterializedView& view) { return &view.schema; },
                        [](const Source& source) { return &source.schema; },
                        [](const auto&) -> const tailrace::Schema* { return nullptr; },
                    },
                    body);
}

ClusterId Item::cluster() const {
  return std::visit(Overloaded{
                        [](const MaterializedView& view) { return view.cluster; },
                        [](const Source& source) { return source.cluster; },
                        [](const Index& index) { return index.cluster; },
                        [](const auto&) { return ClusterId(); },
                    },
                    body);
}

std::string_view Item::type_name() const {
  return std::visit(Overloaded{
                        [](const Table&) { return "table"; },
                        [](const View&) { return "view"; },
                        [](const MaterializedView&) { return "materialized-view"; },
                        [](const Source&) { return "source"; },
                        [](const Index&) { return "index"; },
                        [](const Secret&) { return "secret"; },
                        [](const Connection&) { return "connection"; },
                        [](const UserType&) { return "type"; },
                    },
                    body);
}

std::string Item::type_words() const {
  return as<MaterializedView>() != nullptr ? "materialized view" : std::string(type_name());
}

}  // namespace tailrace::catalog
