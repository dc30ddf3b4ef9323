// Named relations in FROM: common table expressions, stored relations, views.
#include <algorithm>

#include "engine/binder/binding.hpp"

namespace tailrace::engine {

namespace {

template <class Id>
void note(std::vector<Id>* list, Id id) {
  if (list != nullptr && std::find(list->begin(), list->end(), id) == list->end())
    list->push_back(id);
}

int depth_inside(const Scope* outer) {
  return outer == nullptr ? 0 : outer->depth() + 1;
}

std::optional<FromResult> find_common_table(const Binding& binding, const ast::ObjectName& name,
                                            const Scope* outer) {
  if (name.parts.size() != 1 || !name.id.empty()) return std::nullopt;
  for (auto table = binding.common_tables.rbegin(); table != binding.common_tables.rend();
       ++table) {
    if (table->name != name.last()) continue;
    FromResult result;
    result.relation = bound::shift_levels(table->relation, depth_inside(outer) - table->depth);
    result.scope = scope_of({.name = table->name}, table->columns, *result.relation);
    return result;
  }
  return std::nullopt;
}

// A view's query knows nothing of the query around it.
class OutsideOfQuery {
 public:
  explicit OutsideOfQuery(Binding& binding) : binding_(binding) {
    tables_.swap(binding.common_tables);
    outputs_ = std::exchange(binding.outputs, {});
    ++binding.view_depth;
  }
  ~OutsideOfQuery() {
    tables_.swap(binding_.common_tables);
    binding_.outputs = outputs_;
    --binding_.view_depth;
  }
  OutsideOfQuery(const OutsideOfQuery&) = delete;
  OutsideOfQuery& operator=(const OutsideOfQuery&) = delete;

 private:
  Binding& binding_;
  std::vector<CommonTableBinding> tables_;
  Outputs outputs_;
};

}  // namespace

bound::RelationPtr bind_item_relation(Binding& binding, const catalog::Item& item) {
  BindContext& context = binding.context;
  if (binding.view_depth == 0) note(context.dependencies, item.id);
  const Schema& schema = *item.relation_schema();
  const bool kept = context.kept_views != nullptr && context.kept_views->contains(item.id);
  const auto* view = item.as<catalog::View>();
  if (view == nullptr || kept) {
    note(context.reads, item.id);
    return bound::get(catalog::collection_of(item.id), context.catalog.full_name(item), schema);
  }
  const OutsideOfQuery outside(binding);
  BoundQueryTree tree = bind_subselect(binding, *view->query, nullptr);
  cast_outputs(binding, tree, schema.types(), CastContext::explicit_, item.name);
  return bound::project(tree.relation, tree.visible);
}

FromResult bind_named_table(Binding& binding, const ast::ObjectName& name,
                            const std::optional<ast::TableAlias>& alias, const Scope* outer,
                            std::uint32_t position) {
  FromResult result;
  if (auto common = find_common_table(binding, name, outer)) {
    result = std::move(*common);
  } else {
    const catalog::Item& item =
        binding.context.catalog.resolve_relation(name, binding.context.scope);
    result.relation = bind_item_relation(binding, item);
    const catalog::QualifiedName qualified = binding.context.catalog.qualified_name(item);
    std::vector<std::string> names;
    for (const ColumnSchema& column : item.relation_schema()->columns) names.push_back(column.name);
    result.scope =
        scope_of({.name = item.name, .schema = qualified.schema, .database = qualified.database},
                 names, *result.relation);
  }
  result.scope.outer = outer;
  apply_alias(result, alias, position);
  return result;
}

}  // namespace tailrace::engine
