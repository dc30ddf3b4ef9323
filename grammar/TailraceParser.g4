// The statements of the dialect. How to add one: grammar/README.md.
//
// The grammar is permissive where a message is better given with knowledge: option names and values are
// read as plain sequences and checked by grammar/builder/option_table.cpp; a query may be any expression's
// neighbour; types of literals are nobody's business here.
//
// Two things keep parsing linear. Lists are flat loops. And most decisions end after one or two tokens,
// because the sets of words that cannot be names (at the end of this file) are chosen for it.
parser grammar TailraceParser;

options { tokenVocab = TailraceLexer; superClass = ParserBase; }

@parser::preinclude {
#include "grammar/parser_base.hpp"
using tailrace::grammar::ParserBase;
}

// Roots

statements      : statement? (SEMICOLON statement?)* EOF ;
onlyExpression  : expression EOF ;
onlyType        : typeName EOF ;
onlyName        : objectName EOF ;

statement
    : selectStatement | insertStatement | updateStatement | deleteStatement | copyStatement
    | subscribeStatement
    | createStatement | alterStatement | dropStatement | commentStatement | validateStatement
    | grantStatement | revokeStatement | reassignOwnedStatement
    | showStatement | explainStatement
    | beginStatement | commitStatement | rollbackStatement
    | setStatement | resetStatement | discardStatement | raiseStatement
    | declareStatement | fetchStatement | closeStatement
    | prepareStatement | executeStatement | deallocateStatement
    ;

createStatement
    : createSecret | createConnection | createSource | createTableFromSource | createTable
    | createView | createMaterializedView | createIndex | createType
    | createCluster | createClusterReplica | createDatabase | createSchema | createRole
    | createOther
    ;

// What the dialect has and Tailrace does not: refused by name.
createOther
    : CREATE (SINK | NETWORK POLICY | SUBSOURCE | USER | METRIC SINK) anything*
    ;
anything : ~SEMICOLON ;

// Queries

selectStatement : query asOf? ;
asOf            : AS OF (AT LEAST)? expression ;

query           : withClause? queryBody orderByClause? limitClause* ;
withClause      : WITH commonTable (COMMA commonTable)*
                | WITH MUTUALLY RECURSIVE recursionOptions? recursiveTable (COMMA recursiveTable)* ;
commonTable     : identifier columnList? AS parenthesizedQuery ;
recursiveTable  : identifier LEFT_PAREN typedColumn (COMMA typedColumn)* RIGHT_PAREN AS parenthesizedQuery ;
typedColumn     : identifier typeName ;
recursionOptions: LEFT_PAREN recursionLimit (COMMA recursionLimit)* RIGHT_PAREN ;
recursionLimit  : ((RETURN | ERROR) AT)? RECURSION LIMIT EQUAL? NUMBER ;
columnList      : LEFT_PAREN identifier (COMMA identifier)* RIGHT_PAREN ;

queryBody       : queryTerm ((UNION | EXCEPT) (ALL | DISTINCT)? queryTerm)* ;
queryTerm       : queryPrimary (INTERSECT (ALL | DISTINCT)? queryPrimary)* ;
queryPrimary    : selectQuery | valuesQuery | tableQuery | parenthesizedQuery ;
parenthesizedQuery : LEFT_PAREN (query | showStatement) RIGHT_PAREN ;
tableQuery      : TABLE objectName ;
valuesQuery     : VALUES valuesRow (COMMA valuesRow)* ;
valuesRow       : LEFT_PAREN valuesCell (COMMA valuesCell)* RIGHT_PAREN ;
valuesCell      : expression | DEFAULT ;

selectQuery
    : SELECT (ALL | DISTINCT (ON LEFT_PAREN expressionList RIGHT_PAREN)?)?
      (selectItem (COMMA selectItem)*)?
      (FROM fromItem (COMMA fromItem)*)?
      (WHERE expression)?
      (GROUP BY expressionList)?
      hintClause?
      (HAVING expression)?
      (QUALIFY expression)?
      hintClause?
    ;
selectItem      : STAR | expression (AS identifier | bareColumnAlias)? ;
hintClause      : OPTIONS LEFT_PAREN queryHint (COMMA queryHint)* RIGHT_PAREN ;
queryHint       : queryHintName EQUAL? signedLiteral ;
queryHintName   : AGGREGATE INPUT GROUP SIZE | DISTINCT ON INPUT GROUP SIZE | LIMIT INPUT GROUP SIZE
                | EXPECTED GROUP SIZE ;

fromItem        : tableFactor join* ;
join
    : CROSS JOIN tableFactor
    | NATURAL joinKind? JOIN tableFactor
    | joinKind? JOIN tableFactor (ON expression | USING columnList (AS identifier)?)
    ;
joinKind        : INNER | (LEFT | RIGHT | FULL) OUTER? ;
tableFactor
    : LATERAL? parenthesizedQuery tableAlias?
    | LEFT_PAREN fromItem RIGHT_PAREN tableAlias?
    | LATERAL? ROWS FROM LEFT_PAREN functionCall (COMMA functionCall)* RIGHT_PAREN withOrdinality? tableAlias?
    | LATERAL? functionCall (withOrdinality tableAlias? | tableAlias withOrdinality?)?
    | objectName tableAlias?
    ;
withOrdinality  : WITH ORDINALITY ;
tableAlias      : (AS tableAliasName | bareTableAlias) columnList? ;

orderByClause   : ORDER BY orderItem (COMMA orderItem)* ;
orderItem       : expression (ASC | DESC | USING anyOperator)? (NULLS (FIRST | LAST))? ;
limitClause
    : LIMIT (ALL | expression)
    | OFFSET expression (ROW | ROWS)?
    | FETCH (FIRST | NEXT) expression? (ROW | ROWS) (ONLY | WITH TIES)
    ;

// Expressions: `expression` down to comparisons, LIKE and IN; `operand` is what binds tighter.

expressionList  : expression (COMMA expression)* ;

expression
@init { enter_level(); }
@after { leave_level(); }
    : operand
    | expression NOT? (LIKE | ILIKE) (operand (ESCAPE operand)? | quantifiedRight)
    | expression NOT? BETWEEN operand AND operand
    | expression NOT? IN LEFT_PAREN expressionList RIGHT_PAREN
    | expression NOT? IN parenthesizedQuery
    | expression comparison expression
    | expression comparison quantifiedRight
    | expression IS NOT? DISTINCT FROM expression
    | expression IS NOT? (NULL_ | TRUE_ | FALSE_ | UNKNOWN)
    | expression (ISNULL | NOTNULL)
    | NOT expression
    | expression AND expression
    | expression OR expression
    ;
comparison      : EQUAL | NOT_EQUAL | LESS | LESS_EQUAL | GREATER | GREATER_EQUAL ;

operand
@init { enter_level(); }
@after { leave_level(); }
    : primary
    | operand DOUBLE_COLON typeName
    | operand subscript fieldAccess*
    | (PLUS | MINUS) operand
    | operand AT TIME ZONE operand
    | operand COLLATE objectName
    | operand (STAR | SLASH | PERCENT) operand
    | operand (PLUS | MINUS) operand
    | otherOperator operand
    | operand otherOperator operand
    | operand (STAR | SLASH | PERCENT | PLUS | MINUS | otherOperator) quantifiedRight
    ;
quantifiedRight : (ANY | SOME | ALL) (parenthesizedQuery | LEFT_PAREN expressionList RIGHT_PAREN) ;

subscript       : LEFT_BRACKET (expression | expression? COLON expression?) RIGHT_BRACKET ;
fieldAccess     : DOT (identifier | STAR) ;

otherOperator   : operatorSymbol | qualifiedOperator ;
operatorSymbol  : OPERATOR_SYMBOL ;
qualifiedOperator : OPERATOR LEFT_PAREN (identifier DOT)* anySymbol RIGHT_PAREN ;
anySymbol       : operatorSymbol | comparison | PLUS | MINUS | STAR | SLASH | PERCENT ;
anyOperator     : anySymbol | qualifiedOperator ;

primary
    : literal
    | intervalLiteral
    | caseExpression
    | castExpression
    | existsExpression
    | choiceExpression
    | nullIfExpression
    | extractCall
    | positionCall
    | substringCall
    | trimCall
    | normalizeCall
    | collectionExpression
    | rowExpression
    | parenthesizedQuery fieldAccess*
    | parenthesizedExpression fieldAccess*
    | typedLiteral
    | functionCall
    | columnReference
    ;

literal         : NUMBER | stringLiteral | HEX_STRING | TRUE_ | FALSE_ | NULL_ | PARAMETER ;
stringLiteral   : STRING | ESCAPE_STRING | DOLLAR_STRING ;
signedLiteral   : literal | MINUS NUMBER ;
intervalLiteral : INTERVAL stringLiteral intervalQualifier? ;
intervalQualifier : intervalUnit (TO intervalUnit)? (LEFT_PAREN NUMBER RIGHT_PAREN)? ;
intervalUnit    : YEAR | YEARS | MONTH | MONTHS | DAY | DAYS | HOUR | HOURS | MINUTE | MINUTES
                | SECOND | SECONDS ;
typedLiteral    : (wordType | functionName typeModifiers?) stringLiteral ;

caseExpression  : CASE expression? caseBranch+ (ELSE expression)? END ;
caseBranch      : WHEN expression THEN expression ;
castExpression  : CAST LEFT_PAREN expression AS typeName RIGHT_PAREN ;
existsExpression: EXISTS parenthesizedQuery ;
choiceExpression: (COALESCE | GREATEST | LEAST) LEFT_PAREN expressionList RIGHT_PAREN ;
nullIfExpression: NULLIF LEFT_PAREN expression COMMA expression RIGHT_PAREN ;
// Each with its own syntax and that of an ordinary call.
extractCall     : EXTRACT LEFT_PAREN (identifier | stringLiteral) FROM expression RIGHT_PAREN
                | EXTRACT LEFT_PAREN expressionList RIGHT_PAREN ;
positionCall    : POSITION LEFT_PAREN operand (IN expression | (COMMA expression)*) RIGHT_PAREN ;
substringCall   : SUBSTRING LEFT_PAREN expression
                  (FROM expression (FOR expression)? | FOR expression | (COMMA expression)*) RIGHT_PAREN ;
trimCall        : TRIM LEFT_PAREN (BOTH | LEADING | TRAILING)?
                  (FROM expression | expression (FROM expression | COMMA expression)?) RIGHT_PAREN ;
normalizeCall   : NORMALIZE LEFT_PAREN expression (COMMA expression)? RIGHT_PAREN ;

collectionExpression
    : (ARRAY | LIST) bracketedElements
    | (ARRAY | LIST | MAP) parenthesizedQuery
    | MAP bracketedEntries
    ;
bracketedElements : LEFT_BRACKET (collectionElement (COMMA collectionElement)*)? RIGHT_BRACKET ;
collectionElement : expression | bracketedElements ;
bracketedEntries  : LEFT_BRACKET (mapEntry (COMMA mapEntry)*)? RIGHT_BRACKET ;
mapEntry        : expression ARROW (expression | bracketedEntries) ;
rowExpression   : ROW LEFT_PAREN expressionList? RIGHT_PAREN ;
parenthesizedExpression : LEFT_PAREN expressionList RIGHT_PAREN ;  // of several: a row
columnReference : (expressionName | callWord) (DOT identifier)* (DOT STAR)? ;

functionCall    : functionName LEFT_PAREN functionArguments? RIGHT_PAREN filterClause? nullTreatment? overClause? ;
functionName    : expressionName (DOT identifier)* ;
functionArguments : STAR | (ALL | DISTINCT)? expressionList orderByClause? ;
filterClause    : FILTER LEFT_PAREN WHERE expression RIGHT_PAREN ;
nullTreatment   : (IGNORE | RESPECT) NULLS ;
overClause      : OVER LEFT_PAREN (PARTITION BY expressionList)? orderByClause? frameClause? RIGHT_PAREN ;
frameClause     : (ROWS | RANGE | GROUPS) (frameBound | BETWEEN frameBound AND frameBound) ;
frameBound      : (UNBOUNDED | NUMBER) (PRECEDING | FOLLOWING) | CURRENT ROW ;

// Types

typeName        : plainType typeSuffix* ;
typeSuffix      : LEFT_BRACKET NUMBER? RIGHT_BRACKET | LIST ;
plainType
    : MAP LEFT_BRACKET typeName ARROW typeName RIGHT_BRACKET
    | wordType
    | objectName typeModifiers?
    ;
wordType
    : DOUBLE PRECISION
    | (CHARACTER | CHAR) VARYING typeModifiers?
    | (TIMESTAMP | TIME) typeModifiers? (WITH | WITHOUT) TIME ZONE
    ;
typeModifiers   : LEFT_PAREN typeModifier (COMMA typeModifier)* RIGHT_PAREN ;
typeModifier    : MINUS? NUMBER ;

// Reading and writing

subscribeStatement
    : SUBSCRIBE TO? subscribeRelation subscribeOutput? withOptions? asOf? (UP TO expression)? subscribeOutput? ;
subscribeRelation : objectName | parenthesizedQuery ;
subscribeOutput
    : ENVELOPE (UPSERT | DEBEZIUM) LEFT_PAREN KEY columnList RIGHT_PAREN
    | WITHIN TIMESTAMP orderByClause
    ;

insertStatement
    : INSERT INTO objectName (AS? bareTableAlias)? columnList? (DEFAULT VALUES | query)
      (RETURNING selectItem (COMMA selectItem)*)? ;
updateStatement : UPDATE objectName (AS? bareTableAlias)? SET assignment (COMMA assignment)* (WHERE expression)? ;
assignment      : identifier EQUAL expression ;
deleteStatement
    : DELETE FROM objectName (AS? bareTableAlias)? (USING fromItem (COMMA fromItem)*)? (WHERE expression)? ;

copyStatement
    : COPY INTO? copyRelation FROM (STDIN | expression) copyOptions?
    | COPY (copyRelation | LEFT_PAREN (subscribeStatement | selectStatement | showStatement) RIGHT_PAREN)
      TO (STDOUT | expression) copyOptions?
    ;
copyRelation    : objectName columnList? ;
copyOptions     : WITH? LEFT_PAREN option (COMMA option)* RIGHT_PAREN ;

// Options: a name of one or more words, then perhaps `=` and a value.

options_        : LEFT_PAREN (option (COMMA option)*)? RIGHT_PAREN ;
bareOptions     : options_ | option (COMMA option)* ;
withOptions     : WITH LEFT_PAREN option (COMMA option)* RIGHT_PAREN ;
option          : refreshOption | optionWord optionElement* ;
refreshOption   : REFRESH EQUAL? (ON COMMIT | AT CREATION | AT expression
                                 | EVERY stringLiteral (ALIGNED TO expression)?) ;
optionElement
    : signedLiteral
    | intervalLiteral
    | optionWord (DOT optionWord)*
    | EQUAL
    | ARROW
    | LEFT_PAREN (optionSequence (COMMA optionSequence)*)? RIGHT_PAREN
    | LEFT_BRACKET (optionSequence (COMMA optionSequence)*)? RIGHT_BRACKET
    ;
optionSequence  : optionElement+ ;
optionWord      : identifier | reserved ;
optionNames     : LEFT_PAREN optionName (COMMA optionName)* RIGHT_PAREN ;
optionName      : optionWord+ ;

// Ingestion

createSecret    : CREATE SECRET ifNotExists? objectName AS expression ;

createConnection
    : CREATE CONNECTION ifNotExists? objectName (TO | FOR) connectionKind bareOptions withOptions? ;
connectionKind
    : POSTGRES | SSH TUNNEL | KAFKA | CONFLUENT SCHEMA REGISTRY | AWS GLUE SCHEMA REGISTRY | MYSQL
    | SQL SERVER | AWS PRIVATELINK | AWS | GCP | ICEBERG CATALOG ;

createSource
    : CREATE SOURCE ifNotExists? objectName columnList? inCluster? FROM sourceConnection
      unsupportedSourceClause* subsourceSelection? (EXPOSE PROGRESS AS objectName)? withOptions? ;
sourceConnection
    : (POSTGRES | MYSQL | SQL SERVER | KAFKA) CONNECTION objectName options_?
    | LOAD GENERATOR loadGenerator options_?
    | WEBHOOK anything*
    ;
loadGenerator   : AUCTION | MARKETING | TPCH | KEY VALUE | COUNTER | CLOCK | DATUMS ;
// Formats and envelopes belong to kinds of sources that Tailrace does not have.
unsupportedSourceClause : (FORMAT | KEY FORMAT | VALUE FORMAT | INCLUDE | ENVELOPE) optionElement+ ;
subsourceSelection
    : FOR ALL TABLES
    | FOR SCHEMAS LEFT_PAREN identifier (COMMA identifier)* RIGHT_PAREN
    | FOR (TABLES | TABLE) LEFT_PAREN externalReference (COMMA externalReference)* RIGHT_PAREN
    ;
externalReference : objectName ((AS | INTO) objectName)? ;

createTableFromSource
    : CREATE (TEMP | TEMPORARY)? TABLE ifNotExists? objectName columnList? FROM
      (SOURCE objectName options_? | WEBHOOK anything*) unsupportedSourceClause* withOptions? ;

validateStatement : VALIDATE CONNECTION objectName ;

// Relations

createTable
    : CREATE (TEMP | TEMPORARY)? TABLE ifNotExists? objectName
      LEFT_PAREN (tableElement (COMMA tableElement)*)? RIGHT_PAREN withOptions? ;
tableElement    : tableConstraint | columnDefinition ;
columnDefinition: identifier typeName (COLLATE objectName)? columnOption* ;
columnOption    : (CONSTRAINT identifier)? columnConstraint ;
columnConstraint
    : NOT NULL_ | NULL_ | DEFAULT expression | PRIMARY KEY | UNIQUE
    | CHECK LEFT_PAREN expression RIGHT_PAREN
    | REFERENCES objectName columnList?
    | VERSION ADDED NUMBER
    ;
tableConstraint
    : (CONSTRAINT identifier)?
      ( (PRIMARY KEY | UNIQUE) columnList
      | CHECK LEFT_PAREN expression RIGHT_PAREN
      | FOREIGN KEY columnList REFERENCES objectName columnList? )
    ;

createView
    : CREATE (OR REPLACE)? (TEMP | TEMPORARY)? VIEW ifNotExists? objectName columnList? AS query ;
createMaterializedView
    : CREATE (OR REPLACE)? MATERIALIZED VIEW ifNotExists? objectName columnList? materializedPlace?
      withOptions? AS query asOf?
    | CREATE REPLACEMENT MATERIALIZED VIEW objectName FOR objectName materializedPlace?
      withOptions? AS query
    ;
materializedPlace : inCluster (REPLICA identifier)? | IN REPLICA identifier ;

createIndex
    : CREATE INDEX ((ifNotExists)? identifier)? inCluster? ON objectName (USING identifier)?
      LEFT_PAREN expressionList RIGHT_PAREN withOptions?
    | CREATE DEFAULT INDEX ifNotExists? identifier? inCluster? ON objectName (USING identifier)? withOptions?
    ;

createType
    : CREATE TYPE objectName AS
      ( LEFT_PAREN (columnDefinition (COMMA columnDefinition)*)? RIGHT_PAREN
      | (LIST | MAP) LEFT_PAREN typeOption (COMMA typeOption)* RIGHT_PAREN ) ;
typeOption      : (ELEMENT | KEY | VALUE) TYPE EQUAL? typeName ;

// Clusters, databases, schemas, roles

createCluster   : CREATE CLUSTER ifNotExists? identifier bareOptions (FEATURES anything*)? ;
createClusterReplica : CREATE CLUSTER REPLICA ifNotExists? identifier DOT identifier bareOptions ;
createDatabase  : CREATE DATABASE ifNotExists? identifier ;
createSchema    : CREATE SCHEMA ifNotExists? objectName ;
createRole      : CREATE ROLE identifier WITH? roleAttribute* ;
roleAttribute
    : SUPERUSER | NOSUPERUSER | LOGIN | NOLOGIN | INHERIT | NOINHERIT | CREATEDB | NOCREATEDB
    | CREATEROLE | NOCREATEROLE | CREATECLUSTER | NOCREATECLUSTER
    | PASSWORD (stringLiteral | NULL_)
    ;

// ALTER

alterStatement
    : alterSystem | alterRole | alterDefaultPrivileges | alterConnection | alterSource | alterSecret
    | alterTable | alterMaterializedView | alterObject
    ;
alterSystem     : ALTER SYSTEM (SET settingAssignment | RESET (ALL | settingName)) ;
alterRole       : ALTER (ROLE | USER) identifier
                  (SET settingAssignment | RESET settingName | WITH? roleAttribute+) ;
alterSecret     : ALTER SECRET ifExists? objectName AS expression ;
alterConnection : ALTER CONNECTION ifExists? objectName
                  (ROTATE KEYS | connectionAction (COMMA connectionAction)* withOptions?) ;
connectionAction: SET LEFT_PAREN option (COMMA option)* RIGHT_PAREN | (RESET | DROP) optionNames
                | ROTATE KEYS ;
alterSource
    : ALTER SOURCE ifExists? objectName
      ( ADD (SUBSOURCE | TABLE) externalReference (COMMA externalReference)* withOptions?
      | DROP (SUBSOURCE | TABLE) ifExists? objectName (COMMA objectName)* dropBehavior*
      | REFRESH REFERENCES ) ;
alterTable      : ALTER TABLE ifExists? objectName ADD COLUMN ifNotExists? columnDefinition ;
alterMaterializedView : ALTER MATERIALIZED VIEW ifExists? objectName APPLY REPLACEMENT objectName ;
alterObject
    : ALTER alterKind ifExists? objectName
      ( RENAME TO identifier
      | OWNER TO identifier
      | SWAP WITH identifier
      | SET CLUSTER clusterName
      | SET LEFT_PAREN option (COMMA option)* RIGHT_PAREN withOptions?
      | RESET optionNames ) ;
alterKind
    : CLUSTER REPLICA | CLUSTER | CONNECTION | DATABASE | INDEX | MATERIALIZED VIEW | NETWORK POLICY
    | SCHEMA | SECRET | SINK | SOURCE | TABLE | TYPE | VIEW ;

// DROP, COMMENT

dropStatement
    : DROP OWNED BY identifier (COMMA identifier)* dropBehavior*
    | DROP dropKind ifExists? objectName (COMMA objectName)* dropBehavior*
    ;
dropKind        : alterKind | ROLE | USER | METRIC SINK ;
dropBehavior    : CASCADE | RESTRICT ;

commentStatement: COMMENT ON commentKind commentName IS (stringLiteral | NULL_) ;
commentKind     : alterKind | COLUMN | FUNCTION | ROLE ;
commentName     : identifier (DOT identifier)* ;

// Privileges

grantStatement
    : GRANT privileges ON grantTarget TO grantees
    | GRANT roleList TO grantees
    ;
revokeStatement
    : REVOKE privileges ON grantTarget FROM grantees
    | REVOKE roleList FROM grantees
    ;
grantees        : GROUP? roleList ;
roleList        : identifier (COMMA identifier)* ;
privileges      : ALL PRIVILEGES? | privilege (COMMA privilege)* ;
privilege       : SELECT | INSERT | UPDATE | DELETE | USAGE | CREATE | CREATEROLE | CREATEDB
                | CREATECLUSTER | CREATENETWORKPOLICY ;
grantTarget
    : SYSTEM
    | ALL pluralKind (IN SCHEMA objectName (COMMA objectName)* | IN DATABASE identifier (COMMA identifier)*)?
    | grantKind objectName (COMMA objectName)*
    | objectName (COMMA objectName)*
    ;
grantKind       : alterKind | ROLE ;
pluralKind
    : CLUSTERS | CONNECTIONS | DATABASES | INDEXES | MATERIALIZED VIEWS | NETWORK POLICIES | ROLES
    | SCHEMAS | SECRETS | SINKS | SOURCES | TABLES | TYPES | VIEWS | CLUSTER REPLICAS | SUBSOURCES ;
alterDefaultPrivileges
    : ALTER DEFAULT PRIVILEGES FOR (ALL ROLES | (ROLE | USER) roleList)
      (IN SCHEMA objectName (COMMA objectName)* | IN DATABASE identifier (COMMA identifier)*)?
      (GRANT privileges ON pluralKind TO grantees | REVOKE privileges ON pluralKind FROM grantees) ;
reassignOwnedStatement : REASSIGN OWNED BY roleList TO identifier ;

// SHOW

showStatement
    : SHOW ALL
    | SHOW TIME ZONE
    | SHOW TRANSACTION ISOLATION LEVEL
    | SHOW REDACTED? CREATE showCreateKind objectName
    | SHOW (COLUMNS | FIELDS) (FROM | IN) objectName showFilter?
    | SHOW DEFAULT? PRIVILEGES (ON (pluralKind | SYSTEM))? (FOR identifier)?
    | SHOW ROLE MEMBERSHIP (FOR identifier)?
    | SHOW showKind showScope* showFilter?
    | SHOW settingName
    ;
showCreateKind  : alterKind ;
showKind        : pluralKind | OBJECTS | USERS ;
showScope       : FROM objectName | ON objectName | inCluster ;
showFilter      : LIKE stringLiteral | WHERE expression ;

// EXPLAIN

explainStatement
    : EXPLAIN TIMESTAMP explainFormat? FOR selectStatement
    | EXPLAIN FILTER PUSHDOWN FOR (selectStatement | MATERIALIZED VIEW objectName)
    | EXPLAIN ANALYZE analyzeProperties FOR? analyzeObject (AS SQL)?
    | EXPLAIN (KEY | VALUE) SCHEMA anything*
    | EXPLAIN explainStage PLAN? withOptions? explainFormat? FOR explainee
    | EXPLAIN PLAN withOptions? explainFormat? FOR explainee
    | EXPLAIN withOptions? explainFormat? FOR? explainee
    ;
explainStage    : RAW | DECORRELATED | LOCALLY? OPTIMIZED | PHYSICAL | OPTIMIZER TRACE | PLAN INSIGHTS ;
explainFormat   : AS VERBOSE? (TEXT | JSON) ;
explainee
    : BROKEN? explainedStatement
    | REPLAN? (VIEW | MATERIALIZED VIEW | INDEX) objectName
    ;
explainedStatement
    : selectStatement | subscribeStatement | createView | createMaterializedView | createIndex ;
analyzeProperties : HINTS | CLUSTER? (CPU | MEMORY) (COMMA (CPU | MEMORY))* (WITH SKEW)? ;
analyzeObject   : ((MATERIALIZED VIEW | INDEX) objectName)? ;

// Sessions

beginStatement  : BEGIN (WORK | TRANSACTION)? transactionModes?
                | START TRANSACTION transactionModes? ;
transactionModes: transactionMode (COMMA? transactionMode)* ;
transactionMode : ISOLATION LEVEL isolationLevel | READ (ONLY | WRITE) ;
isolationLevel  : READ UNCOMMITTED | READ COMMITTED | REPEATABLE READ | SERIALIZABLE
                | STRICT SERIALIZABLE | STRONG SESSION SERIALIZABLE ;
commitStatement : COMMIT (WORK | TRANSACTION)? chain? ;
rollbackStatement : (ROLLBACK | ABORT) (WORK | TRANSACTION)? chain? ;
chain           : AND NO? CHAIN ;

setStatement
    : SET TRANSACTION transactionModes
    | SET SESSION CHARACTERISTICS AS TRANSACTION transactionModes
    | SET (SESSION | LOCAL)? TIME ZONE settingValues
    | SET (SESSION | LOCAL)? (SCHEMA | NAMES) settingValues
    | SET (SESSION | LOCAL)? settingAssignment
    ;
settingAssignment : settingName (TO | EQUAL) settingValues ;
settingName     : identifier ;
settingValues   : DEFAULT | settingValue (COMMA settingValue)* ;
settingValue    : stringLiteral | (PLUS | MINUS)? NUMBER | NULL_ | optionWord | intervalLiteral ;
resetStatement  : RESET (settingName | SCHEMA | TIME ZONE) ;
discardStatement: DISCARD (ALL | PLANS | SEQUENCES | TEMP | TEMPORARY) ;
raiseStatement  : RAISE (DEBUG | INFO | LOG | NOTICE | WARNING) ;

declareStatement: DECLARE identifier CURSOR ((WITH | WITHOUT) HOLD)? FOR (subscribeStatement | selectStatement) ;
fetchStatement  : FETCH FORWARD? (NUMBER | ALL)? FROM? identifier withOptions? ;
closeStatement  : CLOSE identifier ;
prepareStatement: PREPARE identifier AS preparedStatement ;
preparedStatement
    : selectStatement | insertStatement | updateStatement | deleteStatement | subscribeStatement
    | fetchStatement | showStatement ;
executeStatement: EXECUTE identifier (LEFT_PAREN expressionList? RIGHT_PAREN)? ;
deallocateStatement : DEALLOCATE PREPARE? (ALL | identifier) ;

// Names

ifNotExists     : IF NOT EXISTS ;
ifExists        : IF EXISTS ;
inCluster       : IN CLUSTER clusterName ;
clusterName     : identifier | LEFT_BRACKET identifier RIGHT_BRACKET ;
objectName
    : identifier (DOT identifier)*
    | LEFT_BRACKET identifier AS identifier (DOT identifier)* (VERSION NUMBER)? RIGHT_BRACKET
    ;

// Any name but the words that are always reserved: after a dot, after AS, in DDL.
identifier
    : IDENTIFIER | QUOTED_IDENTIFIER | freeWord | callWord | reservedInExpressions | reservedAsTableAlias
    | timeUnit ;
// The first part of a name in an expression.
expressionName  : IDENTIFIER | QUOTED_IDENTIFIER | freeWord | reservedAsTableAlias | timeUnit ;
// Aliases without AS.
bareColumnAlias : IDENTIFIER | QUOTED_IDENTIFIER | freeWord | callWord ;
bareTableAlias  : IDENTIFIER | QUOTED_IDENTIFIER | freeWord | callWord | timeUnit ;
// A table's alias after AS: `AS OF` is something else.
tableAliasName  : bareTableAlias | reservedInExpressions ;

// Words that start or separate clauses. (WITH as well, which options may not contain.)
reserved
    : SELECT | FROM | WHERE | GROUP | HAVING | QUALIFY | ORDER | LIMIT | OFFSET | FETCH | OPTIONS | UNION
    | EXCEPT | INTERSECT | RETURNING | AS ;
reservedInExpressions
    : ALL | AND | ANY | ARRAY | BETWEEN | CASE | CAST | DEFAULT | DISTINCT | ELSE | END | FALSE_ | ILIKE | IN
    | INTERVAL | IS | ISNULL | LIKE | LIST | NOT | NOTNULL | NULL_ | OR | SOME | THEN | TRUE_ | WHEN ;
reservedAsTableAlias
    : COLLATE | CROSS | FULL | INNER | JOIN | LATERAL | LEFT | NATURAL | OF | ON | OUTER | RIGHT | SET | TABLE
    | USING | VALUES ;
// Special only before a parenthesis or bracket.
callWord
    : COALESCE | EXISTS | EXTRACT | GREATEST | LEAST | MAP | NORMALIZE | NULLIF | POSITION | ROW | SUBSTRING
    | TRIM ;
timeUnit
    : YEAR | YEARS | MONTH | MONTHS | DAY | DAYS | HOUR | HOURS | MINUTE | MINUTES | SECOND | SECONDS ;
freeWord
    : ABORT | ADD | ADDED | AGGREGATE | ALIGNED | ALTER | ANALYZE | APPLY | ASC | AT | AUCTION | AWS
    | BEGIN | BOTH | BROKEN | BY | CASCADE | CATALOG | CHAIN | CHAR | CHARACTER | CHARACTERISTICS
    | CHECK | CLOCK | CLOSE | CLUSTER | CLUSTERS | COLUMN | COLUMNS | COMMENT | COMMIT | COMMITTED
    | CONFLUENT | CONNECTION | CONNECTIONS | CONSTRAINT | COPY | COUNTER | CPU | CREATE | CREATECLUSTER
    | CREATEDB | CREATENETWORKPOLICY | CREATEROLE | CREATION | CURRENT | CURSOR | DATABASE | DATABASES
    | DATUMS | DEALLOCATE | DEBEZIUM | DEBUG | DECLARE | DECORRELATED | DELETE | DESC | DISCARD | DOUBLE
    | DROP | ELEMENT | ENVELOPE | ERROR | ESCAPE | EVERY | EXECUTE | EXPECTED | EXPLAIN | EXPOSE
    | FEATURES | FIELDS | FILTER | FIRST | FOLLOWING | FOR | FOREIGN | FORMAT | FORWARD | FUNCTION | GCP
    | GENERATOR | GLUE | GRANT | GROUPS | HINTS | HOLD | ICEBERG | IF | IGNORE | INCLUDE | INDEX
    | INDEXES | INFO | INHERIT | INPUT | INSERT | INSIGHTS | INTO | ISOLATION | JSON | KAFKA | KEY
    | KEYS | LAST | LEADING | LEVEL | LOAD | LOCAL | LOCALLY | LOG | LOGIN | MARKETING | MATERIALIZED
    | MEMBERSHIP | MEMORY | METRIC | MUTUALLY | MYSQL | NAMES | NETWORK | NEXT | NO | NOCREATECLUSTER
    | NOCREATEDB | NOCREATEROLE | NOINHERIT | NOLOGIN | NOSUPERUSER | NOTICE | NULLS | OBJECTS | ONLY
    | OPERATOR | OPTIMIZED | OPTIMIZER | ORDINALITY | OVER | OWNED | OWNER | PARTITION | PASSWORD
    | PHYSICAL | PLAN | PLANS | POLICIES | POLICY | POSTGRES | PRECEDING | PRECISION | PREPARE | PRIMARY
    | PRIVATELINK | PRIVILEGES | PROGRESS | PUSHDOWN | RAISE | RANGE | RAW | READ | REASSIGN | RECURSION
    | RECURSIVE | REDACTED | REFERENCES | REFRESH | REGISTRY | RENAME | REPEATABLE | REPLACE
    | REPLACEMENT | REPLAN | REPLICA | REPLICAS | RESET | RESPECT | RESTRICT | RETURN | REVOKE | ROLE
    | ROLES | ROLLBACK | ROTATE | ROWS | SCHEMA | SCHEMAS | SECRET | SECRETS | SEQUENCES | SERIALIZABLE
    | SERVER | SESSION | SHOW | SINK | SINKS | SIZE | SKEW | SOURCE | SOURCES | SQL | SSH | START
    | STDIN | STDOUT | STRICT | STRONG | SUBSCRIBE | SUBSOURCE | SUBSOURCES | SUPERUSER | SWAP | SYSTEM
    | TABLES | TEMP | TEMPORARY | TEXT | TIES | TIME | TIMESTAMP | TO | TPCH | TRACE | TRAILING
    | TRANSACTION | TUNNEL | TYPE | TYPES | UNBOUNDED | UNCOMMITTED | UNIQUE | UNKNOWN | UP | UPDATE
    | UPSERT | USAGE | USER | USERS | VALIDATE | VALUE | VARYING | VERBOSE | VERSION | VIEW | VIEWS
    | WARNING | WEBHOOK | WITHIN | WITHOUT | WORK | WRITE | ZONE
    ;
