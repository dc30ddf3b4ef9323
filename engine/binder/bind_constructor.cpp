// CASE and COALESCE, ARRAY[..], LIST[..], MAP[..], ROW(..), and the ways into them: a[i], (r).f.
#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "engine/binder/internal_function.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

ExpressionPtr bind_case(Binding& binding, const ast::Case& node, const Place& place,
                        std::uint32_t position) {
  const Place inner = place.inside("CASE");
  Expressions conditions;
  Expressions results;
  ExpressionPtr operand;
  if (node.operand) operand = bind_expression(binding, **node.operand, inner);
  for (const ast::CaseBranch& branch : node.branches) {
    conditions.push_back(operand ? bind_comparison(binding, "=", operand,
                                                   bind_expression(binding, *branch.when, inner),
                                                   branch.when->position)
                                 : bind_predicate(binding, *branch.when, inner, "CASE argument"));
    results.push_back(bind_expression(binding, *branch.then, inner));
  }
  results.push_back(node.otherwise ? bind_expression(binding, **node.otherwise, inner)
                                   : bound::literal(Null{}, Type(), position));
  const Type type = unify(binding, results, "CASE", position);
  Expressions operands;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    operands.push_back(std::move(conditions[i]));
    operands.push_back(std::move(results[i]));
  }
  operands.push_back(std::move(results.back()));
  return bound::case_when(std::move(operands), type);
}

ExpressionPtr bind_choice(Binding& binding, const ast::Choice& node, const Place& place,
                          std::uint32_t position) {
  const std::string_view name = node.kind == ast::ChoiceKind::coalesce   ? "coalesce"
                                : node.kind == ast::ChoiceKind::greatest ? "greatest"
                                                                         : "least";
  const std::string_view construct = node.kind == ast::ChoiceKind::coalesce   ? "COALESCE"
                                     : node.kind == ast::ChoiceKind::greatest ? "GREATEST"
                                                                              : "LEAST";
  Expressions arguments;
  for (const ast::Expression& argument : node.arguments) {
    arguments.push_back(bind_expression(binding, argument, place.inside(construct)));
  }
  const Type type = unify(binding, arguments, name, position);
  if (node.kind == ast::ChoiceKind::coalesce) return bound::coalesce(std::move(arguments), type);
  const auto functions = functions_named(name);
  if (functions.empty()) throw unsupported(name);
  return bound::call(*functions.front(), std::move(arguments), type, position);
}

namespace {

std::string_view word_for(ast::CollectionKind kind) {
  return kind == ast::CollectionKind::array  ? "array"
         : kind == ast::CollectionKind::list ? "list"
                                             : "map";
}

ExpressionPtr make_call(std::string_view name, Expressions arguments, Type type,
                        std::uint32_t position) {
  return bound::call(internal_function(name), std::move(arguments), std::move(type), position);
}

}  // namespace

ExpressionPtr bind_collection(Binding& binding, const ast::Collection& node, const Place& place,
                              std::uint32_t position) {
  const std::string_view word = word_for(node.kind);
  if (node.elements.empty()) {
    throw SqlError(sqlstate::indeterminate_datatype,
                   "cannot determine type of empty " + std::string(word))
        .hint("Explicitly cast the " + std::string(word) + " to the desired type.")
        .position(position);
  }
  Expressions elements;
  for (const ast::Expression& element : node.elements)
    elements.push_back(bind_expression(binding, element, place));
  const bool array = node.kind == ast::CollectionKind::array;
  const Type element = unify(binding, elements, array ? "ARRAY" : "LIST", position);
  if (!array) return make_call("list", std::move(elements), Type::list_of(element), position);
  if (element.id() == TypeId::array)
    return make_call("array", std::move(elements), element, position);
  if (element.id() == TypeId::list || element.id() == TypeId::map) {
    throw unsupported(element.name() + "[]").position(position);
  }
  return make_call("array", std::move(elements), Type::array_of(element), position);
}

ExpressionPtr bind_map_constructor(Binding& binding, const ast::MapConstructor& node,
                                   const Place& place, std::uint32_t position) {
  if (node.entries.empty()) {
    throw SqlError(sqlstate::indeterminate_datatype, "cannot determine type of empty map")
        .hint("Explicitly cast the map to the desired type.")
        .position(position);
  }
  Expressions keys;
  Expressions values;
  for (const ast::MapEntry& entry : node.entries) {
    ExpressionPtr key = bind_expression(binding, *entry.key, place);
    if (!bound::is_unknown(key) && !key->type.is_string()) {
      throw SqlError(sqlstate::datatype_mismatch,
                     "map key type must be text, got " + key->type.name())
          .position(entry.key->position);
    }
    keys.push_back(coerce(binding, std::move(key), TypeId::text, CastContext::implicit, "MAP"));
    values.push_back(bind_expression(binding, *entry.value, place));
  }
  const Type type = unify(binding, values, "MAP", position);
  Expressions arguments;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    arguments.push_back(std::move(keys[i]));
    arguments.push_back(std::move(values[i]));
  }
  return make_call("map", std::move(arguments), Type::map_of(type), position);
}

Expressions bind_list(Binding& binding, const std::vector<ast::Expression>& list,
                      const Place& place) {
  Expressions bound;
  for (const ast::Expression& expression : list) {
    if (const auto* wildcard = std::get_if<ast::Wildcard>(&expression.node)) {
      const StarColumns star = resolve_star(*place.scope, wildcard->qualifier, expression.position);
      for (const ScopeColumn& column : star.columns) {
        bound.push_back(reference(column, star.level, expression.position));
      }
    } else {
      bound.push_back(bind_expression(binding, expression, place));
    }
  }
  return bound;
}

ExpressionPtr bind_row(Binding& binding, const ast::Row& node, const Place& place,
                       std::uint32_t position) {
  Expressions fields = bind_list(binding, node.fields, place);
  std::vector<RecordField> types;
  for (std::size_t i = 0; i < fields.size(); ++i)
    types.push_back({"f" + std::to_string(i + 1), fields[i]->type});
  bound::Expression made{.type = Type::record_of(std::move(types)),
                         .nullable = false,
                         .node = bound::Row{},
                         .operands = std::move(fields),
                         .position = position};
  return bound::make(std::move(made));
}

ExpressionPtr field_of(const ExpressionPtr& record, std::size_t index) {
  if (std::holds_alternative<bound::Row>(record->node)) return record->operands.at(index);
  const Type& type = record->type.fields().at(index).type;
  return make_call("record_field",
                   {record, bound::literal(static_cast<std::int32_t>(index), TypeId::int4)}, type,
                   record->position);
}

ExpressionPtr field_of(ExpressionPtr record, const ast::Ident& field) {
  if (record->type.id() != TypeId::record) {
    throw SqlError(sqlstate::wrong_object_type, "column notation applied to type " +
                                                    record->type.name() +
                                                    ", which is not a composite type")
        .position(field.position);
  }
  const auto& fields = record->type.fields();
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name != field.value) continue;
    if (found) {
      throw SqlError(sqlstate::ambiguous_column, "field " + field.value + " is ambiguous")
          .position(field.position);
    }
    found = i;
  }
  if (!found) {
    throw SqlError(sqlstate::undefined_column,
                   "field " + field.value + " not found in data type record")
        .position(field.position);
  }
  return field_of(record, *found);
}

namespace {

ExpressionPtr bind_index(Binding& binding, const ast::Box<ast::Expression>& index,
                         const Place& place) {
  ExpressionPtr bound = bind_expression(binding, *index, place);
  return coerce(binding, std::move(bound), TypeId::int8, CastContext::explicit_, "subscript");
}

// [1] [2] of an array is one call, so that dimensions count; of lists and jsonb, a call each.
ExpressionPtr subscript_array(Binding& binding, ExpressionPtr value, const ast::Subscript& node,
                              const Place& place, std::uint32_t position) {
  const Type element = value->type.element();
  Expressions arguments = {std::move(value)};
  for (const ast::SubscriptPart& part : node.parts) {
    if (part.is_slice) throw unsupported("array slicing").position(position);
    arguments.push_back(bind_index(binding, *part.start, place));
  }
  return make_call("array_index", std::move(arguments), element, position);
}

ExpressionPtr slice_list(Binding& binding, ExpressionPtr value, const ast::SubscriptPart& part,
                         const Place& place, std::uint32_t position) {
  const Type type = value->type;
  ExpressionPtr first = part.start ? bind_index(binding, *part.start, place)
                                   : bound::literal(std::int64_t{1}, TypeId::int8);
  ExpressionPtr last = part.end
                           ? bind_index(binding, *part.end, place)
                           : bound::literal(std::numeric_limits<std::int64_t>::max(), TypeId::int8);
  return make_call("list_slice", {std::move(value), std::move(first), std::move(last)}, type,
                   position);
}

}  // namespace

ExpressionPtr bind_subscript(Binding& binding, const ast::Subscript& node, const Place& place,
                             std::uint32_t position) {
  ExpressionPtr value = bind_expression(binding, *node.value, place);
  if (value->type.id() == TypeId::array || value->type.id() == TypeId::int2vector) {
    if (value->type.id() == TypeId::int2vector) {
      value =
          coerce(binding, std::move(value), Type::array_of(TypeId::int2), CastContext::explicit_);
    }
    return subscript_array(binding, std::move(value), node, place, position);
  }
  for (const ast::SubscriptPart& part : node.parts) {
    switch (value->type.id()) {
      case TypeId::list:
        if (part.is_slice) {
          value = slice_list(binding, std::move(value), part, place, position);
        } else {
          const Type element = value->type.element();
          value = make_call("list_index", {value, bind_index(binding, *part.start, place)}, element,
                            position);
        }
        break;
      case TypeId::jsonb: {
        if (part.is_slice) throw unsupported("jsonb slicing").position(position);
        const ast::OperatorName arrow{.symbol = "->", .position = position};
        value = bind_operator(binding, arrow,
                              {value, bind_expression(binding, **part.start, place)}, position);
        break;
      }
      case TypeId::map: {
        if (part.is_slice) throw unsupported("map slicing").position(position);
        const ast::OperatorName arrow{.symbol = "->", .position = position};
        value = bind_operator(binding, arrow,
                              {value, bind_expression(binding, **part.start, place)}, position);
        break;
      }
      default:
        throw SqlError(sqlstate::datatype_mismatch, "cannot subscript type " + value->type.name())
            .position(position);
    }
  }
  return value;
}

}  // namespace tailrace::engine
