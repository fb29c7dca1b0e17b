#include "operator/log_rows.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/arena.h"

#define PERSON_BYTES 8
#define PERSON_TEXT  (2 * PERSON_BYTES + 1)

/* One table's entries as cells: width of them for each entry. */
struct memo {
    struct grid_cell *cells;
    uint8_t *known;
    size_t width, cap;
    uint16_t fields[LOG_FIELDS]; /* the width fields that are of it */
};

/* A column: where its cell is found. */
struct source {
    enum log_of of;
    size_t at; /* LOG_OF_ROW: the field; else the place in the memo */
};

struct log_rows {
    struct log_rows_opts opts;
    struct log_rows_sum sum;
    struct grid_column columns[LOG_FIELDS + 1];
    struct source sources[LOG_FIELDS + 1];
    size_t column_count;
    bool has_person;
    struct memo memos[4]; /* by enum log_of; that of rows stays empty */
    struct log_cells cells;
    struct arena *texts; /* of one block */
};

/* ---- columns ---- */

static void column_add(struct log_rows *rows, size_t field)
{
    const struct log_field *f = &log_fields[field];
    struct memo *memo = &rows->memos[f->of];
    rows->columns[rows->column_count] = f->column;
    rows->sources[rows->column_count] = (struct source){.of = f->of, .at = f->of == LOG_OF_ROW ? field : memo->width};
    rows->column_count++;
    if (f->of != LOG_OF_ROW)
        memo->fields[memo->width++] = (uint16_t)field;
}

/* The person's word is one more cell of who, behind the fields. */
static void person_add(struct log_rows *rows)
{
    rows->columns[rows->column_count] = (struct grid_column){.name = "person", .type = GRID_TEXT, .indexed = true};
    rows->sources[rows->column_count].of = LOG_OF_WHO;
    rows->column_count++;
    rows->has_person = true;
}

static void columns_make(struct log_rows *rows)
{
    size_t person = 0;
    for (size_t i = 0; i < LOG_FIELDS; i++) {
        bool hidden = rows->opts.person_key != NULL && log_fields[i].who;
        if (!hidden) {
            column_add(rows, i);
        } else if (!rows->has_person) {
            person = rows->column_count;
            person_add(rows);
        }
    }
    if (rows->has_person)
        rows->sources[person].at = rows->memos[LOG_OF_WHO].width++;
}

int log_rows_new(const struct log_rows_opts *opts, struct log_rows **out)
{
    struct log_rows *rows = calloc(1, sizeof *rows);
    if (rows == NULL)
        return ERR_NOMEM;
    rows->opts = *opts;
    columns_make(rows);
    *out = rows;
    return 0;
}

void log_rows_free(struct log_rows *rows)
{
    if (rows == NULL)
        return;
    for (size_t i = 0; i < 4; i++) {
        free(rows->memos[i].cells);
        free(rows->memos[i].known);
    }
    free(rows->sum.generations.numbers);
    free(rows->sum.versions.numbers);
    free(rows->sum.gaps);
    free(rows->sum.nodes);
    arena_free(rows->texts);
    free(rows);
}

const struct grid_column *log_rows_columns(const struct log_rows *rows, size_t *out_count)
{
    *out_count = rows->column_count;
    return rows->columns;
}

const struct log_rows_sum *log_rows_sum(const struct log_rows *rows)
{
    return &rows->sum;
}

/* ---- what is told of all rows ---- */

static int set_add(struct log_rows_set *set, uint64_t number)
{
    size_t at = set->count;
    while (at > 0 && set->numbers[at - 1] >= number)
        at--;
    if (at < set->count && set->numbers[at] == number)
        return 0;
    if (set->count == LOG_ROWS_SET_MAX) {
        set->more++;
        return 0;
    }
    uint64_t *numbers = realloc(set->numbers, (set->count + 1) * sizeof *numbers);
    if (numbers == NULL)
        return ERR_NOMEM;
    memmove(numbers + at + 1, numbers + at, (set->count - at) * sizeof *numbers);
    numbers[at] = number;
    *set = (struct log_rows_set){.numbers = numbers, .count = set->count + 1, .more = set->more};
    return 0;
}

static int node_add(struct log_rows_sum *sum, const char *node)
{
    for (size_t i = 0; i < sum->node_count; i++)
        if (strncmp(sum->nodes[i], node, LOG_ROWS_NODE_MAX - 1) == 0)
            return 0;
    if (sum->node_count == LOG_ROWS_SET_MAX)
        return 0;
    char(*nodes)[LOG_ROWS_NODE_MAX] = realloc(sum->nodes, (sum->node_count + 1) * sizeof *nodes);
    if (nodes == NULL)
        return ERR_NOMEM;
    sum->nodes = nodes;
    snprintf(nodes[sum->node_count++], LOG_ROWS_NODE_MAX, "%s", node);
    return 0;
}

static int gap_count(struct log_rows_sum *sum, const struct journal_gap *gap)
{
    sum->lost += gap->lost;
    if (sum->gap_count == LOG_ROWS_GAPS_MAX) {
        sum->more_gaps++;
        return 0;
    }
    if ((sum->gap_count & (sum->gap_count - 1)) == 0) {
        struct log_rows_gap *gaps = realloc(sum->gaps, (sum->gap_count == 0 ? 1 : 2 * sum->gap_count) * sizeof *gaps);
        if (gaps == NULL)
            return ERR_NOMEM;
        sum->gaps = gaps;
    }
    sum->gaps[sum->gap_count++] = (struct log_rows_gap){gap->from_ns, gap->to_ns, gap->lost};
    return 0;
}

static void time_count(struct log_rows_sum *sum, int64_t time_ns)
{
    if (sum->rows == 0 || time_ns < sum->first_ns)
        sum->first_ns = time_ns;
    if (sum->rows == 0 || time_ns > sum->last_ns)
        sum->last_ns = time_ns;
}

/* ---- entries of tables as cells ---- */

static int memo_begin(struct memo *memo, size_t count)
{
    if (count > memo->cap) {
        struct grid_cell *cells = realloc(memo->cells, count * (memo->width == 0 ? 1 : memo->width) * sizeof *cells);
        uint8_t *known = cells == NULL ? NULL : realloc(memo->known, count);
        memo->cells = cells == NULL ? memo->cells : cells;
        if (known == NULL)
            return ERR_NOMEM;
        memo->known = known;
        memo->cap = count;
    }
    if (count > 0)
        memset(memo->known, 0, count);
    return 0;
}

/* Texts in the cells' own room go with the next entry; all others are the view's, or never change. */
static int cell_keep(struct log_rows *rows, const struct grid_cell *cell, struct grid_cell *out)
{
    *out = *cell;
    if (!cell->there || cell->text == NULL)
        return 0;
    out->text = arena_text(rows->texts, cell->text, cell->len);
    return out->text == NULL ? ERR_NOMEM : 0;
}

static int memo_put(struct log_rows *rows, enum log_of of, const struct qlog_row *row, struct grid_cell *out)
{
    const struct memo *memo = &rows->memos[of];
    size_t fields = memo->width - (of == LOG_OF_WHO && rows->has_person);
    int code = 0;
    log_cells_get_of(row, of, &rows->cells);
    for (size_t i = 0; i < fields && code == 0; i++)
        code = cell_keep(rows, &rows->cells.at[memo->fields[i]], &out[i]);
    return code;
}

/* A word that says nothing but "the same as there": of the user, else the device, else the address. */
static int person_put(struct log_rows *rows, const struct qlog_record *r, struct grid_cell *out)
{
    static const struct ipaddr none;
    uint8_t hash[crypto_generichash_BYTES_MIN];
    char text[PERSON_TEXT];
    uint8_t who[1 + sizeof r->client] = {0};
    who[0] = r->user != 0 ? 'u' : r->device != 0 ? 'd' : 'c';
    if (r->user != 0)
        memcpy(who + 1, &r->user, sizeof r->user);
    else if (r->device != 0)
        memcpy(who + 1, &r->device, sizeof r->device);
    else
        memcpy(who + 1, &r->client, sizeof r->client);
    *out = (struct grid_cell){.there = false};
    if (who[0] == 'c' && ipaddr_equal(&r->client, &none))
        return 0;
    crypto_generichash(hash, sizeof hash, who, sizeof who, rows->opts.person_key, LOG_ROWS_KEY_LEN);
    sodium_bin2hex(text, sizeof text, hash, PERSON_BYTES);
    const struct grid_cell cell = {.there = true, .text = text, .len = sizeof text - 1};
    return cell_keep(rows, &cell, out);
}

static int who_put(struct log_rows *rows, struct qlog_row *row, struct grid_cell *out)
{
    log_names_put(rows->opts.names, row);
    int code = memo_put(rows, LOG_OF_WHO, row, out);
    if (code == 0 && rows->has_person)
        code = person_put(rows, &row->record, &out[rows->memos[LOG_OF_WHO].width - 1]);
    return code < 0 ? code : set_add(&rows->sum.versions, row->record.policy_version);
}

/* In a sealed pack the host that was listed stands where its id does elsewhere. */
static int name_unveil(struct log_rows *rows, struct grid_cell *cells)
{
    const struct memo *memo = &rows->memos[LOG_OF_WHAT];
    int code = 0;
    for (size_t i = 0; rows->opts.unveil != NULL && i < memo->width && code == 0; i++) {
        if (strcmp(log_fields[memo->fields[i]].column.name, "name") != 0)
            continue;
        const char *name = rows->opts.unveil(rows->opts.ctx, cells[i].text, cells[i].len);
        if (name != NULL)
            code = cell_keep(rows, &(struct grid_cell){.there = true, .text = name, .len = strlen(name)}, &cells[i]);
    }
    return code;
}

static int what_put(struct log_rows *rows, const struct qlog_row *row, struct grid_cell *out)
{
    int code = memo_put(rows, LOG_OF_WHAT, row, out);
    if (code == 0)
        code = name_unveil(rows, out);
    return code < 0 || row->record.generation == 0 ? code : set_add(&rows->sum.generations, row->record.generation);
}

/* The entry's cells, made of row i where that is its first. */
static int memo_get(struct log_rows *rows, enum log_of of, const struct block_view *view, uint32_t i, uint32_t entry,
                    const struct grid_cell **out)
{
    struct memo *memo = &rows->memos[of];
    struct grid_cell *cells = memo->cells + entry * memo->width;
    *out = cells;
    if (memo->known[entry])
        return 0;
    struct qlog_row row;
    blocks_row(view, i, &row);
    int code = of == LOG_OF_WHO    ? who_put(rows, &row, cells)
               : of == LOG_OF_WHAT ? what_put(rows, &row, cells)
                                   : memo_put(rows, of, &row, cells);
    memo->known[entry] = code == 0;
    return code;
}

/* ---- rows ---- */

static int row_put(struct log_rows *rows, const struct block_view *view, uint32_t i, struct grid *grid)
{
    const struct grid_cell *parts[4] = {rows->cells.at};
    struct grid_cell cells[LOG_FIELDS + 1];
    struct qlog_row row = {.record = {.time_ns = view->time[i], .client_port = view->port[i], .rtt_us = view->rtt[i]}};
    int code = memo_get(rows, LOG_OF_WHO, view, i, view->who_of[i], &parts[LOG_OF_WHO]);
    if (code == 0)
        code = memo_get(rows, LOG_OF_WHAT, view, i, view->what_of[i], &parts[LOG_OF_WHAT]);
    if (code == 0)
        code = memo_get(rows, LOG_OF_PATH, view, i, view->path_of[i], &parts[LOG_OF_PATH]);
    if (code < 0)
        return code;
    log_cells_get_of(&row, LOG_OF_ROW, &rows->cells);
    for (size_t c = 0; c < rows->column_count; c++)
        cells[c] = parts[rows->sources[c].of][rows->sources[c].at];
    time_count(&rows->sum, view->time[i]);
    rows->sum.rows++;
    rows->sum.journal_rows += view->segment == NULL;
    return grid_add(grid, cells);
}

static int gap_put(struct log_rows *rows, const struct block_view *view, uint32_t i, struct grid *grid)
{
    struct grid_cell cells[LOG_FIELDS + 1] = {{.there = false}};
    struct qlog_row row;
    blocks_gap(view, i, &row);
    log_cells_get(&row, &rows->cells);
    for (size_t c = 0; c < rows->column_count; c++) {
        const struct source *source = &rows->sources[c];
        const struct memo *memo = &rows->memos[source->of];
        bool is_person = source->of == LOG_OF_WHO && rows->has_person && source->at == memo->width - 1;
        if (!is_person)
            cells[c] = rows->cells.at[source->of == LOG_OF_ROW ? source->at : memo->fields[source->at]];
    }
    int code = gap_count(&rows->sum, &view->gaps[i]);
    return code < 0 ? code : grid_add(grid, cells);
}

static int view_begin(struct log_rows *rows, const struct block_view *view)
{
    arena_free(rows->texts);
    rows->texts = arena_new();
    int code = rows->texts == NULL ? ERR_NOMEM : node_add(&rows->sum, view->node);
    if (code == 0)
        code = memo_begin(&rows->memos[LOG_OF_WHO], view->who_count);
    if (code == 0)
        code = memo_begin(&rows->memos[LOG_OF_WHAT], view->what_count);
    return code < 0 ? code : memo_begin(&rows->memos[LOG_OF_PATH], view->path_count);
}

int log_rows_put(struct log_rows *rows, const struct block_view *view, struct grid *grid)
{
    uint32_t row = 0, gap = 0;
    int code = view_begin(rows, view);
    while (code == 0 && (row < view->row_count || gap < view->gap_count)) {
        if (gap < view->gap_count && (row == view->row_count || view->gaps[gap].from_ns <= view->time[row])) {
            code = gap_put(rows, view, gap++, grid);
        } else if (rows->opts.limit > 0 && rows->sum.rows == rows->opts.limit) {
            return 1;
        } else {
            code = row_put(rows, view, row++, grid);
        }
    }
    return code;
}
