// Expressions, as written: no types, no resolved names. Parentheses are not kept (the printer puts
// them where they are needed). Special syntax for plain functions is gone: EXTRACT(year FROM a) is
// the call extract('year', a), POSITION(a IN b) is position(a, b), SUBSTRING(s FROM i FOR n) is
// substring(s, i, n), TRIM(LEADING c FROM s) is ltrim(s, c), NORMALIZE(s, NFC) is
// normalize(s, 'NFC'), and DATE '2024-01-01' is the cast '2024-01-01'::date.
//
// Long chains: AND and OR are flat. `a + b + c` nests to the left (Binary), as deep as the
// statement is long: walk `left` in a loop, do not recurse into it. Everything else nests at most
// 128 levels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "grammar/ast/box.hpp"
#include "grammar/ast/name.hpp"
#include "grammar/ast/type_name.hpp"

namespace tailrace::ast {

struct Expression;
struct Query;
struct Window;

// Literals

struct NullLiteral {};

struct BooleanLiteral {
  bool value = false;
};

struct NumberLiteral {  // `10`, `-1`, `1.5`, `.5`, `1e-3`; a minus before a number belongs to it
  std::string text;
};

struct StringLiteral {  // escapes and quotes resolved; also from E'' and $tag$
  std::string value;
};

struct HexLiteral {  // X'deadbeef': the digits
  std::string digits;
};

enum class IntervalUnit { year, month, day, hour, minute, second };

struct IntervalLiteral {  // INTERVAL 'text' [HEAD [TO TAIL]] [(precision)]; head alone: `tail` only
  std::string text;
  std::optional<IntervalUnit> head;  // the HEAD of `HEAD TO TAIL`
  std::optional<IntervalUnit> tail;
  std::optional<std::uint32_t> precision;  // of SECOND
};

struct DefaultMarker {};  // DEFAULT, as a cell of the VALUES of an INSERT only

// Names

struct Parameter {  // $1
  std::uint32_t number = 0;
};

struct ColumnName {  // a | t.a | s.t.a | d.s.t.a; one part may also turn out to be a table
  std::vector<Ident> parts;
};

struct Wildcard {  // * | t.* | s.t.* | d.s.t.*; in select lists, RETURNING, calls and rows
  std::vector<Ident> qualifier;
};

struct FieldAccess {  // (record).field
  Box<Expression> record;
  Ident field;
};

struct FieldWildcard {  // (record).*
  Box<Expression> record;
};

struct SubscriptPart {  // [start] or, if is_slice, [start:end]
  bool is_slice = false;
  std::optional<Box<Expression>> start;
  std::optional<Box<Expression>> end;
};

struct Subscript {
  Box<Expression> value;
  std::vector<SubscriptPart> parts;
};

// Operators

struct And {  // two operands or more
  std::vector<Expression> operands;
};

struct Or {  // two operands or more
  std::vector<Expression> operands;
};

struct Not {
  Box<Expression> operand;
};

struct OperatorName {  // `+`, or OPERATOR(schema.+)
  std::vector<Ident> schema;
  std::string symbol;  // `!=` reads as `<>`
  std::uint32_t position = 0;
};

struct Unary {
  OperatorName name;
  Box<Expression> operand;
};

struct Binary {
  OperatorName name;
  Box<Expression> left;
  Box<Expression> right;
};

enum class IsWhat { null, true_, false_, unknown };

struct IsTest {
  Box<Expression> operand;
  IsWhat what = IsWhat::null;
  bool negated = false;
};

struct IsDistinctFrom {
  Box<Expression> left;
  Box<Expression> right;
  bool negated = false;
};

struct Like {
  Box<Expression> operand;
  Box<Expression> pattern;
  std::optional<Box<Expression>> escape;
  bool ignore_case = false;  // ILIKE
  bool negated = false;
};

struct Between {
  Box<Expression> operand;
  Box<Expression> low;
  Box<Expression> high;
  bool negated = false;
};

struct InList {
  Box<Expression> operand;
  std::vector<Expression> list;
  bool negated = false;
};

struct InSubquery {
  Box<Expression> operand;
  Box<Query> query;
  bool negated = false;
};

struct Exists {
  Box<Query> query;
};

struct ScalarSubquery {
  Box<Query> query;
};

struct Quantified {  // left op ANY|ALL (query or array); SOME is ANY; LIKE is `~~`, NOT LIKE `!~~`
  Box<Expression> left;
  OperatorName name;
  bool all = false;
  std::variant<Box<Query>, Box<Expression>> right;
};

struct AtTimeZone {
  Box<Expression> operand;
  Box<Expression> zone;
};

struct Collate {
  Box<Expression> operand;
  ObjectName collation;
};

struct Cast {
  Box<Expression> operand;
  TypeName type;
};

// Conditionals

struct CaseBranch {
  Box<Expression> when;
  Box<Expression> then;
};

struct Case {
  std::optional<Box<Expression>> operand;
  std::vector<CaseBranch> branches;
  std::optional<Box<Expression>> otherwise;
};

enum class ChoiceKind { coalesce, greatest, least };

struct Choice {  // COALESCE, GREATEST, LEAST: like functions, but they unify their arguments
  ChoiceKind kind = ChoiceKind::coalesce;
  std::vector<Expression> arguments;
};

struct NullIf {
  Box<Expression> left;
  Box<Expression> right;
};

// Constructors

enum class CollectionKind { array, list, map };

struct Collection {  // ARRAY[..] or LIST[..]; an inner [..] without keyword is of the outer kind
  CollectionKind kind = CollectionKind::array;
  std::vector<Expression> elements;
};

struct MapEntry {
  Box<Expression> key;
  Box<Expression> value;
};

struct MapConstructor {  // MAP['k' => v]
  std::vector<MapEntry> entries;
};

struct CollectionSubquery {  // ARRAY(query), LIST(query), MAP(query)
  CollectionKind kind = CollectionKind::array;
  Box<Query> query;
};

struct Row {  // ROW(a, b) or (a, b)
  std::vector<Expression> fields;
};

// Calls

enum class NullsOrder { first, last };

struct OrderItem {
  Box<Expression> expression;
  bool descending = false;
  std::optional<NullsOrder> nulls;  // absent: last when ascending, first when descending
};

struct FunctionCall {
  ObjectName name;
  bool star = false;  // f(*); `arguments` is empty then
  bool distinct = false;
  std::vector<Expression> arguments;
  std::vector<OrderItem> order_by;
  std::optional<Box<Expression>> filter;
  std::optional<bool> ignore_nulls;  // IGNORE NULLS true, RESPECT NULLS false
  std::optional<Box<Window>> over;
};

struct Expression {
  std::variant<NullLiteral, BooleanLiteral, NumberLiteral, StringLiteral, HexLiteral,
               IntervalLiteral, DefaultMarker, Parameter, ColumnName, Wildcard, FieldAccess,
               FieldWildcard, Subscript, And, Or, Not, Unary, Binary, IsTest, IsDistinctFrom, Like,
               Between, InList, InSubquery, Exists, ScalarSubquery, Quantified, AtTimeZone, Collate,
               Cast, Case, Choice, NullIf, Collection, MapConstructor, CollectionSubquery, Row,
               FunctionCall>
      node;
  std::uint32_t position = 0;  // of its first token
};

// Windows

enum class FrameUnits { rows, range, groups };
enum class FrameBoundKind {
  unbounded_preceding,
  preceding,
  current_row,
  following,
  unbounded_following
};

struct FrameBound {
  FrameBoundKind kind = FrameBoundKind::current_row;
  std::uint64_t offset = 0;  // of preceding and following
};

struct Frame {
  FrameUnits units = FrameUnits::range;
  FrameBound start;
  std::optional<FrameBound> end;  // absent: current row
};

struct Window {
  std::vector<Expression> partition_by;
  std::vector<OrderItem> order_by;
  std::optional<Frame> frame;
};

}  // namespace tailrace::ast
