#include "engine/coordinator/plan_item.hpp"

#include <set>

#include "engine/binder/binder.hpp"
#include "engine/optimizer/optimizer.hpp"

namespace tailrace::engine {

PlanPtr plan_materialized_view(const catalog::Catalog& catalog, const catalog::Item& item) {
  BindContext context{.catalog = catalog, .purpose = Purpose::materialized_view};
  const BoundRelation bound = bind_relation(*item.as<catalog::MaterializedView>()->query, context);
  return optimize(bound.plan, {.maintained = true});
}

std::vector<ScalarPtr> index_key(const catalog::Catalog& catalog, const catalog::Item& index) {
  const auto* body = index.as<catalog::Index>();
  const Schema& relation = *catalog.item(body->on).relation_schema();
  BindContext context{.catalog = catalog, .purpose = Purpose::index};
  std::vector<ScalarPtr> key;
  for (const ast::Expression& expression : body->key)
    key.push_back(bind_scalar(expression, &relation, context));
  return key;
}

IndexDescription plan_index(const catalog::Catalog& catalog, const catalog::Item& item) {
  const auto* body = item.as<catalog::Index>();
  const catalog::Item& on = catalog.item(body->on);
  BindContext context{.catalog = catalog, .purpose = Purpose::index};
  IndexDescription description;
  description.id = catalog::collection_of(item.id);
  description.on = catalog::collection_of(on.id);
  description.plan = optimize(bind_item(on, context).plan, {.maintained = true});
  description.key = index_key(catalog, item);
  return description;
}

std::vector<catalog::ItemId> stored_inputs(const catalog::Catalog& catalog,
                                           const catalog::Item& item) {
  std::vector<catalog::ItemId> inputs;
  std::set<catalog::ItemId> seen;
  const auto visit = [&](const auto& self, catalog::ItemId id) -> void {
    if (!seen.insert(id).second) return;
    const catalog::Item& used = catalog.item(id);
    if (used.is_stored()) {
      inputs.push_back(id);
    } else if (used.as<catalog::View>() != nullptr) {
      for (const catalog::ItemId next : used.uses) self(self, next);
    }
  };
  for (const catalog::ItemId used : item.uses) visit(visit, used);
  return inputs;
}

}  // namespace tailrace::engine
