// Joins under Decorrelation. An outer join is its inner join, and the rows of the outer side that
// found nothing, filled with NULLs:  unmatched = left - (left semijoined with the keys that
// matched), which keeps multiplicities.
#include <algorithm>

#include "engine/binder/decorrelation.hpp"

namespace tailrace::engine {

namespace {

std::vector<ScalarPtr> nulls(const std::vector<Type>& types) {
  std::vector<ScalarPtr> values;
  for (const Type& type : types) values.push_back(null_literal(type));
  return values;
}

// The rows of `side` whose columns `keys` do not occur in `matched` (which has them at
// `positions`).
PlanPtr unmatched(const PlanPtr& side, const PlanPtr& matched, const std::vector<int>& keys,
                  const std::vector<int>& positions) {
  const PlanPtr found = distinct(project(matched, positions));
  return union_all({side, negate(join_on_keys(side, found, keys))});
}

void add_unique(std::vector<int>& list, int value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

// `on` where each side of every equation is of one input, and the rest of the right input alone.
struct EquiJoin {
  bound::Expressions left;   // over the left input
  bound::Expressions right;  // over the right input
  bound::Expressions left_only;
  bound::Expressions right_only;
};

enum class Side : std::uint8_t { none, left, right, both };

Side side_of(const bound::ExpressionPtr& expression, int left_width) {
  std::vector<bound::Column> references;
  bound::collect_references(expression, 0, references);
  Side side = Side::none;
  for (const bound::Column& reference : references) {
    const Side own =
        reference.level == 0 && reference.index >= left_width ? Side::right : Side::left;
    if (side == Side::none) side = own;
    if (side != own) return Side::both;
  }
  return side;
}

std::optional<EquiJoin> as_equi_join(const bound::Expressions& on, int left_width) {
  EquiJoin equi;
  for (const bound::ExpressionPtr& predicate : on) {
    if (predicate->has_subquery) return std::nullopt;
    const Side side = side_of(predicate, left_width);
    if (side == Side::right) {
      equi.right_only.push_back(bound::renumber_columns(predicate, -left_width));
    } else if (side == Side::left) {
      equi.left_only.push_back(predicate);
    } else {
      const auto* call = std::get_if<bound::Call>(&predicate->node);
      if (side == Side::none || call == nullptr || call->function->name != "=" ||
          !call->function->is_operator) {
        return std::nullopt;
      }
      const Side a = side_of(predicate->operands[0], left_width);
      const Side b = side_of(predicate->operands[1], left_width);
      const bool straight = a == Side::left && b == Side::right;
      if (!straight && !(a == Side::right && b == Side::left)) return std::nullopt;
      equi.left.push_back(predicate->operands[straight ? 0 : 1]);
      equi.right.push_back(
          bound::renumber_columns(predicate->operands[straight ? 1 : 0], -left_width));
    }
  }
  return equi;
}

}  // namespace

PlanPtr Decorrelation::product(const PlanPtr& left, const bound::RelationPtr& right, bool lateral,
                               const OuterRows& outer) {
  if (lateral) {
    return branch(left, right, outer, outer.width(),
                  [&](const PlanPtr& shared, const Branch& made) {
                    return join_on_keys(shared, made.rows, made.keys);
                  });
  }
  if (right->escapes == 0) return cross_plans(left, lower(right, {}));
  return join_on_keys(left, lower(right, outer), first_columns(outer.width()));
}

PlanPtr Decorrelation::lower_join(const bound::Relation& relation, const bound::Join& node,
                                  const OuterRows& outer) {
  if (node.kind == bound::JoinKind::left) return lower_left_join(relation, node, outer);
  if (node.kind == bound::JoinKind::full) return lower_full_join(relation, node, outer);
  if (node.kind == bound::JoinKind::right) {
    // The same with sides exchanged. RIGHT joins are never lateral.
    const int left_width = relation.inputs[0]->width();
    const int right_width = relation.inputs[1]->width();
    bound::Expressions columns;
    std::vector<int> back;
    for (int i = 0; i < left_width + right_width; ++i) {
      const int moved = i < left_width ? right_width + i : i - left_width;
      const auto index = static_cast<std::size_t>(i);
      columns.push_back(bound::column(0, moved, relation.types[index], relation.nullable[index]));
      back.push_back(outer.width() + moved);
    }
    bound::Join swapped{.kind = bound::JoinKind::left};
    for (const auto& predicate : node.on)
      swapped.on.push_back(bound::replace_columns(predicate, columns));
    const bound::RelationPtr exchanged =
        bound::join(relation.inputs[1], relation.inputs[0], std::move(swapped));
    std::vector<int> order = first_columns(outer.width());
    order.insert(order.end(), back.begin(), back.end());
    return project(lower(exchanged, outer), std::move(order));
  }
  const PlanPtr left = lower(relation.inputs[0], outer);
  return lower_filter(product(left, relation.inputs[1], node.lateral, outer), node.on, outer,
                      outer.width());
}

PlanPtr Decorrelation::lower_left_join(const bound::Relation& relation, const bound::Join& node,
                                       const OuterRows& outer) {
  const int own = outer.width();
  const bound::RelationPtr& right = relation.inputs[1];
  const int left_width = relation.inputs[0]->width();
  return share(lower(relation.inputs[0], outer), [&](const PlanPtr& left) {
    const int all_left = own + left_width;
    const PlanPtr inner =
        lower_filter(product(left, right, node.lateral, outer), node.on, outer, own);
    const auto equi = right->escapes == 0 ? as_equi_join(node.on, left_width) : std::nullopt;
    if (equi) {
      // The keys of the right side tell which left rows match: the join itself need not be looked
      // at.
      PlanPtr keyed_left = left;
      std::vector<ScalarPtr> left_keys = lower_expressions(equi->left, keyed_left, outer, own);
      PlanPtr candidates = lower_filter(left, equi->left_only, outer, own);
      PlanPtr rows = lower_filter(lower(right, {}), equi->right_only, {}, 0);
      const int right_width = static_cast<int>(rows->types.size());
      const std::vector<ScalarPtr> right_keys = lower_expressions(equi->right, rows, {}, 0);
      const int count = static_cast<int>(right_keys.size());
      PlanPtr keys = distinct(
          project(map(rows, right_keys), without_columns(right_width + count, 0, right_width)));
      std::vector<std::vector<ScalarPtr>> classes;
      for (int i = 0; i < count; ++i) {
        const auto index = static_cast<std::size_t>(i);
        classes.push_back(
            {left_keys[index], column(all_left + i, keys->types[index], keys->nullable[index])});
      }
      PlanPtr matched =
          project(join({candidates, keys}, std::move(classes)), first_columns(all_left));
      const PlanPtr rest = union_all({left, negate(matched)});
      return union_all({inner, map(rest, nulls(right->types))});
    }
    // In general whether a row matches depends on the left columns that ON and a lateral right side
    // look at.
    std::vector<int> keys;
    std::vector<bound::Column> references;
    for (const auto& predicate : node.on) bound::collect_references(predicate, 0, references);
    for (const bound::Column& reference : references) {
      if (reference.level > 0) {
        add_unique(keys, outer.find(reference));
      } else if (reference.index < left_width) {
        add_unique(keys, own + reference.index);
      }
    }
    references.clear();
    bound::collect_references(right, 1, references);
    for (const bound::Column& reference : references) {
      if (node.lateral && reference.level == 1) {
        add_unique(keys, own + reference.index);
      } else {
        add_unique(keys, outer.find({reference.level - (node.lateral ? 1 : 0), reference.index}));
      }
    }
    return share(inner, [&](const PlanPtr& shared) {
      const PlanPtr rest = unmatched(left, shared, keys, keys);
      return union_all({shared, map(rest, nulls(right->types))});
    });
  });
}

PlanPtr Decorrelation::lower_full_join(const bound::Relation& relation, const bound::Join& node,
                                       const OuterRows& outer) {
  const int own = outer.width();
  const int left_width = relation.inputs[0]->width();
  const int right_width = relation.inputs[1]->width();
  return share(lower(relation.inputs[0], outer), [&](const PlanPtr& left) {
    return share(lower(relation.inputs[1], outer), [&](const PlanPtr& right) {
      const PlanPtr both = join_on_keys(left, right, first_columns(own));
      return share(lower_filter(both, node.on, outer, own), [&](const PlanPtr& inner) {
        // Of each side: the outer columns, and its own that ON looks at.
        std::vector<int> left_keys = first_columns(own);
        std::vector<int> right_keys = first_columns(own);
        std::vector<int> right_positions = first_columns(own);
        std::vector<bound::Column> references;
        for (const auto& predicate : node.on) bound::collect_references(predicate, 0, references);
        for (const bound::Column& reference : references) {
          if (reference.level > 0) continue;
          if (reference.index < left_width) {
            add_unique(left_keys, own + reference.index);
          } else {
            add_unique(right_keys, own + reference.index - left_width);
            add_unique(right_positions, own + reference.index);
          }
        }
        const PlanPtr left_rest = unmatched(left, inner, left_keys, left_keys);
        const PlanPtr right_rest = unmatched(right, inner, right_keys, right_positions);
        const std::vector<Type>& types = relation.types;
        const std::vector<Type> left_types(types.begin(), types.begin() + left_width);
        const std::vector<Type> right_types(types.begin() + left_width, types.end());
        // NULLs for the left side go between the outer columns and the right ones.
        PlanPtr filled = map(right_rest, nulls(left_types));
        std::vector<int> order = first_columns(own);
        for (int i = 0; i < left_width; ++i) order.push_back(own + right_width + i);
        for (int i = 0; i < right_width; ++i) order.push_back(own + i);
        return union_all(
            {inner, map(left_rest, nulls(right_types)), project(filled, std::move(order))});
      });
    });
  });
}

}  // namespace tailrace::engine
