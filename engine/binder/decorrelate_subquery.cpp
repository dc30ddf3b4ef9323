// EXISTS and scalar subqueries under Decorrelation.
#include "engine/binder/decorrelation.hpp"
#include "engine/binder/internal_function.hpp"
#include "engine/functions/aggregate.hpp"
#include "repr/nested.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

ScalarPtr column_of(const PlanPtr& plan, int index) {
  const auto i = static_cast<std::size_t>(index);
  return column(index, plan->types[i], plan->nullable[i]);
}

// Some value of the type, to stand for NULL in a comparison that also compares the NULLs.
Value any_value(const Type& type) {
  switch (type.id()) {
    case TypeId::boolean:
      return false;
    case TypeId::int2:
      return std::int16_t{0};
    case TypeId::int4:
    case TypeId::date:
      return std::int32_t{0};
    case TypeId::int8:
    case TypeId::time:
    case TypeId::timestamp:
    case TypeId::timestamptz:
      return std::int64_t{0};
    case TypeId::uint2:
      return std::uint16_t{0};
    case TypeId::uint4:
    case TypeId::oid:
    case TypeId::regproc:
    case TypeId::regclass:
    case TypeId::regtype:
      return std::uint32_t{0};
    case TypeId::uint8:
    case TypeId::mz_timestamp:
      return std::uint64_t{0};
    case TypeId::float4:
      return 0.0F;
    case TypeId::float8:
      return 0.0;
    case TypeId::numeric:
      return Numeric();
    case TypeId::interval:
      return Interval{};
    case TypeId::uuid:
      return Uuid{};
    case TypeId::jsonb:
      return from_text(type, "null");
    case TypeId::array:
      return encode_array(type, {});
    case TypeId::list:
      return encode_list(type, {});
    case TypeId::map:
      return encode_map(type, {});
    case TypeId::range:
      return encode_range(type, {.empty = true});
    case TypeId::record:
      return encode_record(type, std::vector<Value>(type.fields().size(), Null{}));
    case TypeId::mz_aclitem:
      return from_text(type, "=/s1");
    case TypeId::aclitem:
      return from_text(type, "=/1");
    default:
      return std::string();  // text and its like, bytea
  }
}

// a and b are equal, or both NULL: classes for a join, in which NULL is equal to nothing.
void add_null_safe(const ScalarPtr& a, const ScalarPtr& b,
                   std::vector<std::vector<ScalarPtr>>& classes) {
  if (!a->nullable || !b->nullable) {
    classes.push_back({a, b});
    return;
  }
  const Function& is_null = internal_function("isnull");
  const ScalarPtr value = literal(any_value(a->type), a->type);
  const auto filled = [&](const ScalarPtr& scalar) {
    return std::make_shared<const Scalar>(
        Scalar{scalar->type, false, scalar::Coalesce{{scalar, value}}});
  };
  classes.push_back({filled(a), filled(b)});
  classes.push_back(
      {call(is_null, {a}, TypeId::boolean, false), call(is_null, {b}, TypeId::boolean, false)});
}

}  // namespace

PlanPtr join_on_keys(const PlanPtr& left, const PlanPtr& right, const std::vector<int>& keys) {
  const int left_width = static_cast<int>(left->types.size());
  const int right_width = static_cast<int>(right->types.size());
  std::vector<std::vector<ScalarPtr>> classes;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const int position = static_cast<int>(i);
    add_null_safe(column_of(left, keys[i]), shift_columns(column_of(right, position), left_width),
                  classes);
  }
  PlanPtr both = join({left, right}, std::move(classes));
  return project(
      both, without_columns(left_width + right_width, left_width, static_cast<int>(keys.size())));
}

PlanPtr Decorrelation::branch(const PlanPtr& plan, const bound::RelationPtr& relation,
                              const OuterRows& outer, int own, const UseBranch& use) {
  std::vector<bound::Column> references;
  bound::collect_references(relation, 1, references);
  if (references.empty()) return use(plan, {.rows = lower(relation, {}), .outer = nullptr});
  return share(plan, [&](const PlanPtr& shared) {
    Branch made;
    OuterRows inner;
    for (const bound::Column& reference : references) {
      const int position = reference.level == 1
                               ? own + reference.index
                               : outer.find({reference.level - 1, reference.index});
      std::size_t at = 0;
      while (at < made.keys.size() && made.keys[at] != position) ++at;
      if (at == made.keys.size()) made.keys.push_back(position);
      inner.columns.emplace_back(reference, static_cast<int>(at));
    }
    return share(distinct(project(shared, made.keys)), [&](const PlanPtr& keys) {
      inner.plan = keys;
      made.outer = keys;
      made.rows = lower(relation, inner);
      return use(shared, made);
    });
  });
}

PlanPtr Decorrelation::semijoin(const PlanPtr& plan, const bound::RelationPtr& relation,
                                const OuterRows& outer, int own) {
  return branch(plan, relation, outer, own, [&](const PlanPtr& shared, const Branch& made) {
    const int keys = static_cast<int>(made.keys.size());
    return join_on_keys(shared, distinct(project(made.rows, first_columns(keys))), made.keys);
  });
}

PlanPtr Decorrelation::antijoin(const PlanPtr& plan, const bound::RelationPtr& relation,
                                const OuterRows& outer, int own) {
  return share(plan, [&](const PlanPtr& shared) {
    return union_all({shared, negate(semijoin(shared, relation, outer, own))});
  });
}

PlanPtr Decorrelation::append_exists(const PlanPtr& plan, const bound::RelationPtr& relation,
                                     const OuterRows& outer, int own) {
  return branch(plan, relation, outer, own, [&](const PlanPtr& shared, const Branch& made) {
    const int keys = static_cast<int>(made.keys.size());
    const PlanPtr found = distinct(project(made.rows, first_columns(keys)));
    const PlanPtr all = made.outer ? made.outer : one_row();
    const PlanPtr answers = share(found, [&](const PlanPtr& yes) {
      const PlanPtr no = union_all({all, negate(yes)});
      return union_all(
          {map(yes, {literal(true, TypeId::boolean)}), map(no, {literal(false, TypeId::boolean)})});
    });
    return join_on_keys(shared, answers, made.keys);
  });
}

namespace {

// Exactly one row, for whatever outer row.
bool gives_one_row(const bound::RelationPtr& relation) {
  if (const auto* node = std::get_if<bound::Reduce>(&relation->node)) return node->global;
  if (const auto* node = std::get_if<bound::Constant>(&relation->node))
    return node->rows.size() == 1;
  const bool keeps = std::holds_alternative<bound::Project>(relation->node) ||
                     std::holds_alternative<bound::Map>(relation->node);
  if (keeps) return gives_one_row(relation->inputs[0]);
  if (std::holds_alternative<bound::Let>(relation->node)) return gives_one_row(relation->inputs[1]);
  return false;
}

bool gives_at_most_one_row(const bound::RelationPtr& relation) {
  if (gives_one_row(relation)) return true;
  if (const auto* node = std::get_if<bound::TopK>(&relation->node)) {
    const auto* limit = node->limit ? std::get_if<bound::Literal>(&node->limit->node) : nullptr;
    if (limit != nullptr && node->group_key.empty() && std::get<std::int64_t>(limit->value) <= 1)
      return true;
  }
  const bool no_more = std::holds_alternative<bound::Project>(relation->node) ||
                       std::holds_alternative<bound::Map>(relation->node) ||
                       std::holds_alternative<bound::Filter>(relation->node);
  return no_more && gives_at_most_one_row(relation->inputs[0]);
}

const AggregateFunction& count_rows() {
  for (const AggregateFunction* function : aggregates_named("count")) {
    if (function->takes.empty()) return *function;
  }
  throw unsupported("count(*)");
}

const Function& greater_than() {
  for (const Function* function : operators_named(">")) {
    if (function->takes.size() == 2 && function->takes[0].type.id() == TypeId::int8)
      return *function;
  }
  throw unsupported("bigint > bigint");
}

// The keys that have several rows, each with an error for a value.
PlanPtr too_many_rows(const PlanPtr& rows, int keys) {
  plan::Reduce counting{.input = rows};
  for (int i = 0; i < keys; ++i) counting.group_key.push_back(column_of(rows, i));
  counting.aggregates.push_back(
      {.function = &count_rows(), .type = TypeId::int8, .nullable = false});
  PlanPtr counts = reduce(std::move(counting));
  const ScalarPtr several =
      call(greater_than(), {column_of(counts, keys), literal(std::int64_t{1}, TypeId::int8)},
           TypeId::boolean, false);
  const Type& type = rows->types[static_cast<std::size_t>(keys)];
  const DataError error{.state = sqlstate::cardinality_violation,
                        .message = "more than one record produced in subquery"};
  const ScalarPtr raise = std::make_shared<const Scalar>(Scalar{type, true, scalar::Error{error}});
  return project(map(filter(counts, {several}), {raise}), without_columns(keys + 2, keys, 1));
}

}  // namespace

// Key columns and one value for each outer row.
PlanPtr Decorrelation::value_of(const bound::RelationPtr& relation, const Branch& made) {
  if (gives_one_row(relation)) return made.rows;
  const int keys = static_cast<int>(made.keys.size());
  const Type& type = relation->types[0];
  return share(made.rows, [&](const PlanPtr& rows) {
    const PlanPtr found = distinct(project(rows, first_columns(keys)));
    const PlanPtr missing = union_all({made.outer ? made.outer : one_row(), negate(found)});
    std::vector<PlanPtr> parts = {rows, map(missing, {null_literal(type)})};
    if (!gives_at_most_one_row(relation)) parts.push_back(too_many_rows(rows, keys));
    return union_all(std::move(parts));
  });
}

PlanPtr Decorrelation::append_value(const PlanPtr& plan, const bound::RelationPtr& relation,
                                    const OuterRows& outer, int own) {
  return branch(plan, relation, outer, own, [&](const PlanPtr& shared, const Branch& made) {
    return join_on_keys(shared, value_of(relation, made), made.keys);
  });
}

}  // namespace tailrace::engine
