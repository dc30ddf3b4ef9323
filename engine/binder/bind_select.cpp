// SELECT. Expressions are bound over the columns of FROM first; grouping then moves aggregates into
// a Reduce and rewrites what is left over its output, and windows likewise.
#include <algorithm>

#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "engine/binder/output_name.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

namespace {

struct Item {
  ExpressionPtr expression;
  std::string name;
};

// A key of ORDER BY or DISTINCT ON: an output column, or an expression of its own.
struct Key {
  ExpressionPtr expression;
  bool descending = false;
  bool nulls_first = false;
};

// The state of one SELECT on its way from FROM to its output columns.
struct SelectBinder {
  Binding& binding;
  const ast::Select& select;
  Outputs outputs;
  Scope scope;
  bound::RelationPtr relation;
  ProjectedFunctions projected;
  std::vector<Item> items;
  Expressions group_by;
  ExpressionPtr having;
  ExpressionPtr qualify;
  std::vector<Key> order_by;
  std::vector<Key> distinct_on;

  Place place(Clause clause) { return {.clause = clause, .scope = &scope}; }
  Place projecting(Clause clause) {
    return {.clause = clause, .scope = &scope, .projected = &projected};
  }

  void bind_items() {
    for (const ast::SelectItem& item : select.items) {
      const std::uint32_t position = item.expression.position;
      if (const auto* wildcard = std::get_if<ast::Wildcard>(&item.expression.node)) {
        if (select.from.empty() && wildcard->qualifier.empty()) {
          throw SqlError(sqlstate::syntax_error, "SELECT * with no tables specified is not valid")
              .position(position);
        }
        const StarColumns star = resolve_star(scope, wildcard->qualifier, position);
        for (const ScopeColumn& column : star.columns) {
          items.push_back({reference(column, star.level, position), column.name});
        }
      } else if (const auto* record = std::get_if<ast::FieldWildcard>(&item.expression.node)) {
        expand_record(*record, position);
      } else {
        items.push_back({bind_expression(binding, item.expression, projecting(Clause::select_list)),
                         item.alias ? item.alias->value : output_name(item.expression)});
      }
    }
  }

  void expand_record(const ast::FieldWildcard& node, std::uint32_t position) {
    const ExpressionPtr record =
        bind_expression(binding, *node.record, projecting(Clause::select_list));
    if (record->type.id() != TypeId::record) {
      throw SqlError(sqlstate::wrong_object_type,
                     "type " + record->type.name() + " is not composite")
          .position(position);
    }
    for (std::size_t i = 0; i < record->type.fields().size(); ++i) {
      items.push_back({field_of(record, i), record->type.fields()[i].name});
    }
  }

  // The output column that a bare name means, if there is one.
  ExpressionPtr find_item(const ast::Expression& expression) const {
    const auto* name = std::get_if<ast::ColumnName>(&expression.node);
    if (name == nullptr || name->parts.size() != 1) return nullptr;
    ExpressionPtr found;
    for (const Item& item : items) {
      if (item.name != name->parts[0].value) continue;
      if (found && !bound::same(found, item.expression)) {
        throw SqlError(sqlstate::ambiguous_column,
                       "column reference \"" + item.name + "\" is ambiguous")
            .position(expression.position);
      }
      found = item.expression;
    }
    return found;
  }

  ExpressionPtr bind_key(const ast::Expression& expression, Clause clause, std::string_view words) {
    const int ordinal = ordinal_of(expression, items.size(), words);
    if (ordinal >= 0) return items[static_cast<std::size_t>(ordinal)].expression;
    if (ExpressionPtr item = find_item(expression)) return item;
    return coerce_unknown(binding, bind_expression(binding, expression, projecting(clause)));
  }

  void bind_group_by() {
    for (const ast::Expression& expression : select.group_by) {
      const int ordinal = ordinal_of(expression, items.size(), "GROUP BY");
      ExpressionPtr key;
      if (ordinal >= 0) {
        key = items[static_cast<std::size_t>(ordinal)].expression;
      } else {
        // An input column before an output one.
        const auto* name = std::get_if<ast::ColumnName>(&expression.node);
        const bool bare = name != nullptr && name->parts.size() == 1;
        if (!bare || find_column(scope, name->parts[0]) == nullptr) key = find_item(expression);
        if (!key) key = bind_expression(binding, expression, projecting(Clause::group_by));
      }
      if (key->has_aggregate) {
        throw SqlError(sqlstate::grouping_error,
                       "aggregate functions are not allowed in GROUP BY clause")
            .position(expression.position);
      }
      if (key->has_window) {
        throw SqlError(sqlstate::grouping_error, "window functions are not allowed in GROUP BY")
            .position(expression.position);
      }
      if (std::holds_alternative<bound::Row>(key->node)) {
        group_by.insert(group_by.end(), key->operands.begin(), key->operands.end());
      } else {
        group_by.push_back(coerce_unknown(binding, key));
      }
    }
  }

  std::vector<ExpressionPtr*> all_expressions() {
    std::vector<ExpressionPtr*> all;
    for (Item& item : items) all.push_back(&item.expression);
    for (Key& key : order_by) all.push_back(&key.expression);
    for (Key& key : distinct_on) all.push_back(&key.expression);
    if (qualify) all.push_back(&qualify);
    return all;
  }

  bool is_grouped() {
    if (!select.group_by.empty() || having) return true;
    for (const ExpressionPtr* expression : all_expressions()) {
      if ((*expression)->has_aggregate) return true;
    }
    return false;
  }

  [[noreturn]] void throw_ungrouped(const ExpressionPtr& column) {
    const int index = std::get<bound::Column>(column->node).index;
    std::string name = "?";
    for (const ScopeColumn& candidate : scope.columns) {
      if (candidate.index != index) continue;
      const std::string table =
          candidate.table < 0 ? "" : scope.tables[static_cast<std::size_t>(candidate.table)].name;
      name = (table.empty() ? "" : table + ".") + candidate.name;
    }
    throw SqlError(sqlstate::grouping_error,
                   "column \"" + name +
                       "\" must appear in the GROUP BY clause or be used in an aggregate function")
        .position(column->position);
  }

  std::uint64_t hint(ast::QueryHint::Kind kind) const {
    std::uint64_t value = 0;
    for (const ast::QueryHint& option : select.options) {
      if (option.kind != kind && option.kind != ast::QueryHint::Kind::expected_group_size) continue;
      static constexpr std::string_view names[] = {"AGGREGATE INPUT GROUP SIZE",
                                                   "DISTINCT ON INPUT GROUP SIZE",
                                                   "LIMIT INPUT GROUP SIZE", "EXPECTED GROUP SIZE"};
      const auto* number = std::get_if<ast::NumberLiteral>(&option.value.node);
      if (number == nullptr || number->text.find_first_not_of("0123456789") != std::string::npos) {
        throw SqlError(sqlstate::invalid_parameter_value,
                       "invalid " + std::string(names[static_cast<int>(option.kind)]) +
                           ": cannot use value as number")
            .position(option.position);
      }
      value = std::strtoull(number->text.c_str(), nullptr, 10);
    }
    return value;
  }

  void group() {
    Expressions aggregates;
    const int keys = static_cast<int>(group_by.size());
    const bound::Change over_groups = [&](const ExpressionPtr& e, int depth) -> ExpressionPtr {
      for (int i = 0; i < keys; ++i) {
        const ExpressionPtr& key = group_by[static_cast<std::size_t>(i)];
        if (e->node.index() == key->node.index() &&
            bound::same(e, bound::shift_levels(key, depth))) {
          return bound::column(depth, i, key->type, key->nullable, e->position);
        }
      }
      if (std::holds_alternative<bound::Aggregate>(e->node) && depth == 0) {
        std::size_t at = 0;
        while (at < aggregates.size() && !bound::same(aggregates[at], e)) ++at;
        if (at == aggregates.size()) aggregates.push_back(e);
        return bound::column(0, keys + static_cast<int>(at), e->type, e->nullable, e->position);
      }
      const auto* column = std::get_if<bound::Column>(&e->node);
      if (column != nullptr && column->level == depth) throw_ungrouped(e);
      return nullptr;
    };
    for (ExpressionPtr* expression : all_expressions())
      *expression = bound::rewrite(*expression, 0, over_groups);
    if (having) having = bound::rewrite(having, 0, over_groups);
    relation = bound::reduce(
        relation, {.keys = group_by,
                   .aggregates = std::move(aggregates),
                   .global = select.group_by.empty(),
                   .expected_group_size = hint(ast::QueryHint::Kind::aggregate_input_group_size)});
    if (having) relation = bound::filter(relation, {having});
  }

  void apply_windows() {
    std::vector<ExpressionPtr*> targets = all_expressions();
    const bool any =
        std::any_of(targets.begin(), targets.end(), [](const auto* e) { return (*e)->has_window; });
    if (any) {
      Expressions expressions;
      for (const ExpressionPtr* target : targets) expressions.push_back(*target);
      relation = plan_windows(relation, expressions);
      for (std::size_t i = 0; i < targets.size(); ++i) *targets[i] = expressions[i];
    }
    if (qualify) relation = bound::filter(relation, {qualify});
  }

  void determine_unknown() {
    for (std::size_t i = 0; i < items.size(); ++i) {
      ExpressionPtr& expression = items[i].expression;
      if (bound::is_unknown(expression)) {
        const bool wanted = outputs.wanted != nullptr && i < outputs.wanted->size() &&
                            (*outputs.wanted)[i].id() != TypeId::unknown;
        if (wanted) {
          expression = coerce(binding, expression, (*outputs.wanted)[i], CastContext::assignment);
        } else if (!outputs.keep_unknown) {
          expression = coerce_unknown(binding, expression);
        }
      } else {
        expression = coerce_unknown(binding, expression);
      }
    }
  }

  void check_distinct_on() const {
    std::size_t matched = 0;
    std::vector<bool> seen(distinct_on.size());
    for (const Key& key : order_by) {
      bool found = false;
      for (std::size_t i = 0; i < distinct_on.size(); ++i) {
        if (!bound::same(distinct_on[i].expression, key.expression)) continue;
        found = true;
        if (!seen[i]) ++matched;
        seen[i] = true;
      }
      if (matched == distinct_on.size()) return;
      if (!found) {
        throw SqlError(sqlstate::invalid_column_reference,
                       "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
            .position(key.expression->position);
      }
    }
  }

  BoundQueryTree finish() {
    determine_unknown();
    Expressions wanted;
    for (const Item& item : items) wanted.push_back(item.expression);
    for (const Key& key : order_by) wanted.push_back(key.expression);
    for (const Key& key : distinct_on) wanted.push_back(key.expression);
    const std::vector<int> positions = map_expressions(relation, wanted);
    BoundQueryTree tree;
    const auto first_order = positions.begin() + static_cast<std::ptrdiff_t>(items.size());
    const auto first_distinct = first_order + static_cast<std::ptrdiff_t>(order_by.size());
    for (const Item& item : items) tree.names.push_back(item.name);
    tree.visible.assign(positions.begin(), first_order);
    for (std::size_t i = 0; i < order_by.size(); ++i) {
      tree.order_by.push_back({first_order[static_cast<std::ptrdiff_t>(i)], order_by[i].descending,
                               order_by[i].nulls_first});
    }
    tree.relation = relation;
    tree.expected_group_size = hint(ast::QueryHint::Kind::limit_input_group_size);
    if (select.distinct && distinct_on.empty()) make_distinct(tree);
    if (!distinct_on.empty()) {
      check_distinct_on();
      tree.relation = bound::top_k(
          relation,
          {.group_key = {first_distinct, positions.end()},
           .order_by = tree.order_by,
           .limit = bound::literal(std::int64_t{1}, TypeId::int8),
           .expected_group_size = hint(ast::QueryHint::Kind::distinct_on_input_group_size)});
    }
    return tree;
  }

  void make_distinct(BoundQueryTree& tree) const {
    const std::vector<int> before = tree.visible;
    tree.relation = bound::distinct(bound::project(tree.relation, before));
    for (std::size_t i = 0; i < before.size(); ++i) tree.visible[i] = static_cast<int>(i);
    for (std::size_t i = 0; i < tree.order_by.size(); ++i) {
      OrderKey& key = tree.order_by[i];
      const auto at = std::find(before.begin(), before.end(), key.column);
      if (at == before.end()) {
        throw SqlError(sqlstate::invalid_column_reference,
                       "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
            .position(order_by[i].expression->position);
      }
      key.column = static_cast<int>(at - before.begin());
    }
  }
};

}  // namespace

bool nulls_first(const ast::OrderItem& item) {
  return item.nulls ? *item.nulls == ast::NullsOrder::first : item.descending;
}

int ordinal_of(const ast::Expression& expression, std::size_t columns, std::string_view clause) {
  const auto* number = std::get_if<ast::NumberLiteral>(&expression.node);
  if (number == nullptr || number->text.find_first_not_of("0123456789") != std::string::npos)
    return -1;
  const std::uint64_t ordinal = number->text.size() > 9 ? 0 : std::stoul(number->text);
  if (ordinal < 1 || ordinal > columns) {
    throw SqlError(sqlstate::invalid_column_reference,
                   "column reference " + number->text + " in " + std::string(clause) +
                       " clause is out of range (1 - " + std::to_string(columns) + ")")
        .position(expression.position);
  }
  return static_cast<int>(ordinal) - 1;
}

std::vector<int> map_expressions(bound::RelationPtr& relation, const Expressions& expressions) {
  std::vector<int> positions;
  Expressions added;
  for (const ExpressionPtr& expression : expressions) {
    if (const auto* column = std::get_if<bound::Column>(&expression->node);
        column != nullptr && column->level == 0) {
      positions.push_back(column->index);
      continue;
    }
    std::size_t at = 0;
    while (at < added.size() && !bound::same(added[at], expression)) ++at;
    if (at == added.size()) added.push_back(expression);
    positions.push_back(relation->width() + static_cast<int>(at));
  }
  relation = bound::map(relation, std::move(added));
  return positions;
}

BoundQueryTree bind_select(Binding& binding, const ast::Select& select,
                           const std::vector<ast::OrderItem>& order_by, const Scope* outer) {
  SelectBinder binder{
      .binding = binding, .select = select, .outputs = std::exchange(binding.outputs, {})};
  FromResult from = bind_from(binding, select.from, outer);
  binder.scope = std::move(from.scope);
  binder.relation = std::move(from.relation);
  binder.projected.width = binder.relation->width();
  if (select.where) {
    const ExpressionPtr predicate =
        bind_predicate(binding, **select.where, binder.place(Clause::where), "WHERE clause");
    const bool flat = std::holds_alternative<bound::And>(predicate->node);
    binder.relation =
        bound::filter(binder.relation, flat ? predicate->operands : Expressions{predicate});
  }
  binder.bind_items();
  binder.bind_group_by();
  if (select.having) {
    binder.having =
        bind_predicate(binding, **select.having, binder.place(Clause::having), "HAVING clause");
  }
  if (select.qualify) {
    binder.qualify =
        bind_predicate(binding, **select.qualify, binder.place(Clause::qualify), "QUALIFY clause");
  }
  for (const ast::OrderItem& item : order_by) {
    binder.order_by.push_back({binder.bind_key(*item.expression, Clause::order_by, "ORDER BY"),
                               item.descending, nulls_first(item)});
  }
  for (const ast::Expression& expression : select.distinct_on) {
    binder.distinct_on.push_back({binder.bind_key(expression, Clause::distinct_on, "DISTINCT ON")});
  }
  binder.relation = join_projected(binding, binder.relation, binder.projected);
  if (binder.is_grouped()) binder.group();
  binder.apply_windows();
  return binder.finish();
}

}  // namespace tailrace::engine
