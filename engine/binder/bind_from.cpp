// FROM: factors from left to right, each seeing what stands left of it where it is LATERAL.
#include "engine/binder/binding.hpp"

namespace tailrace::engine {

namespace {

// While a factor that is not LATERAL is bound, the FROM clause around it cannot be seen.
class Hide {
 public:
  explicit Hide(std::vector<Scope*>& scopes) : scopes_(scopes) {
    for (Scope* scope : scopes_) {
      before_.push_back(scope->visible);
      scope->visible = false;
    }
  }
  ~Hide() {
    for (std::size_t i = 0; i < scopes_.size(); ++i) scopes_[i]->visible = before_[i];
  }
  Hide(const Hide&) = delete;
  Hide& operator=(const Hide&) = delete;

 private:
  std::vector<Scope*>& scopes_;
  std::vector<bool> before_;
};

struct FromBinder {
  Binding& binding;
  std::vector<Scope*> laterals;  // the scopes of this FROM clause that enclose what is being bound

  FromResult factor(const ast::TableFactor& factor, const Scope* scope) {
    if (const auto* table = std::get_if<ast::NamedTable>(&factor.node)) {
      return bind_named_table(binding, table->name, table->alias, scope, factor.position);
    }
    if (const auto* derived = std::get_if<ast::DerivedTable>(&factor.node)) {
      return derived_table(*derived, scope, factor.position);
    }
    if (const auto* function = std::get_if<ast::TableFunction>(&factor.node)) {
      return bind_table_function(binding, *function, scope, factor.position);
    }
    if (const auto* rows = std::get_if<ast::RowsFrom>(&factor.node)) {
      return bind_rows_from(binding, *rows, scope, factor.position);
    }
    const auto& parenthesized = std::get<ast::ParenthesizedJoin>(factor.node);
    FromResult result = tree(*parenthesized.first, parenthesized.joins, scope);
    apply_alias(result, parenthesized.alias, factor.position);
    return result;
  }

  FromResult derived_table(const ast::DerivedTable& derived, const Scope* scope,
                           std::uint32_t position) {
    std::vector<Scope*> none;
    Hide hide(derived.lateral ? none : laterals);
    BoundQueryTree tree = bind_subselect(binding, *derived.query, scope);
    FromResult result{tree.relation, scope_of({}, tree.names, *tree.relation)};
    result.scope.outer = scope;
    apply_alias(result, derived.alias, position);
    return result;
  }

  FromResult tree(const ast::TableFactor& first, const std::vector<ast::Join>& joins,
                  const Scope* scope) {
    FromResult left = factor(first, scope);
    for (const ast::Join& join : joins) left = joined(std::move(left), join, scope);
    return left;
  }

  // `bind` gives the right side as seen from inside a lateral join.
  template <class BindRight>
  FromResult beside(FromResult left, const ast::Join& join, const Scope* scope,
                    const BindRight& bind) {
    Scope lateral = left.scope;
    lateral.outer = scope;
    lateral.visible = join.kind != ast::JoinKind::right && join.kind != ast::JoinKind::full;
    if (lateral.visible) laterals.push_back(&lateral);
    FromResult right = bind(&lateral);
    if (lateral.visible) laterals.pop_back();
    const bool uses_left = bound::uses_level(right.relation, 1);
    if (!uses_left) right.relation = bound::shift_levels(right.relation, -1);
    right.scope.outer = scope;
    return bind_join(binding, std::move(left), std::move(right), join, uses_left);
  }

  FromResult joined(FromResult left, const ast::Join& join, const Scope* scope) {
    if (const auto* table = std::get_if<ast::NamedTable>(&join.right.node)) {
      FromResult right =
          bind_named_table(binding, table->name, table->alias, scope, join.right.position);
      return bind_join(binding, std::move(left), std::move(right), join, false);
    }
    return beside(std::move(left), join, scope,
                  [&](const Scope* lateral) { return factor(join.right, lateral); });
  }

  FromResult item(FromResult left, const ast::FromItem& item, const Scope* scope) {
    const ast::Join cross{.kind = ast::JoinKind::cross, .right = item.first};
    if (item.joins.empty()) return joined(std::move(left), cross, scope);
    return beside(std::move(left), cross, scope,
                  [&](const Scope* lateral) { return tree(item.first, item.joins, lateral); });
  }
};

}  // namespace

FromResult bind_from(Binding& binding, const std::vector<ast::FromItem>& from, const Scope* outer) {
  if (from.empty()) {
    FromResult nothing{bound::unit(), {}};
    nothing.scope.outer = outer;
    return nothing;
  }
  FromBinder binder{binding, {}};
  FromResult result = binder.tree(from[0].first, from[0].joins, outer);
  for (std::size_t i = 1; i < from.size(); ++i)
    result = binder.item(std::move(result), from[i], outer);
  return result;
}

void apply_alias(FromResult& result, const std::optional<ast::TableAlias>& alias,
                 std::uint32_t position) {
  if (!alias) return;
  std::vector<ScopeColumn> visible;
  for (const ScopeColumn& column : result.scope.columns) {
    if (!column.only_qualified) visible.push_back(column);
  }
  if (alias->columns.size() > visible.size()) {
    throw SqlError(sqlstate::invalid_column_reference,
                   alias->name.value + " has " + std::to_string(visible.size()) +
                       " columns available but " + std::to_string(alias->columns.size()) +
                       " columns specified")
        .position(alias->name.position != 0 ? alias->name.position : position);
  }
  const bool is_value = result.scope.tables.size() == 1 && result.scope.tables[0].is_value;
  for (std::size_t i = 0; i < visible.size(); ++i) {
    visible[i].table = 0;
    if (i < alias->columns.size()) visible[i].name = alias->columns[i].value;
  }
  if (is_value && alias->columns.empty() && !visible.empty()) visible[0].name = alias->name.value;
  result.scope.tables = {ScopeTable{.name = alias->name.value, .is_value = is_value}};
  result.scope.columns = std::move(visible);
}

}  // namespace tailrace::engine
