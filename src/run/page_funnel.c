/* SPDX-License-Identifier: MIT */
#include "run/page_parts.h"

/* Counted in deliveries: one a conversion and destination. What leaves is shown as a loss, with
 * its reasons; what is left is the next stage. */
enum kind { STAGE, LOSS, WAIT };

static const struct row {
	enum kind kind;
	const char *label;
	enum status status; /* of a loss */
} rows[] = {
	{STAGE, "Deliveries", STATUS_PENDING}, {LOSS, "duplicate", STATUS_DUPLICATE},
	{LOSS, "rejected", STATUS_REJECTED},   {LOSS, "skipped", STATUS_SKIPPED},
	{LOSS, "cancelled", STATUS_CANCELLED}, {STAGE, "To be sent", STATUS_PENDING},
	{WAIT, "waiting", STATUS_PENDING},     {LOSS, "held", STATUS_HELD},
	{LOSS, "failed", STATUS_FAILED},       {STAGE, "Delivered", STATUS_PENDING},
};

static int64_t of_status(const struct overview *o, enum status status)
{
	int64_t count = 0;

	for (int i = 0; i < 16; i++)
		count += o->count[(int)status * 16 + i];
	return count;
}

static int64_t waiting(const struct overview *o)
{
	return o->totals.unclaimed + of_status(o, STATUS_PENDING) +
	       of_status(o, STATUS_SENDING) + of_status(o, STATUS_RETRYING);
}

static int64_t amount_of(const struct overview *o, const struct row *row)
{
	return row->kind == WAIT ? waiting(o) : of_status(o, row->status);
}

static int64_t all_of(const struct overview *o)
{
	int64_t all = of_status(o, STATUS_DELIVERED);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].kind != STAGE)
			all += amount_of(o, &rows[i]);
	return all;
}

/* label, bar, amount, share of all; a loss's bar stands where it was cut off. */
static void add_cells(struct buf *out, const struct row *row, int64_t amount,
		      int64_t left, int64_t all)
{
	static const char *const kinds[] = {"delivered", "lost", "skipped"};
	bool idle = row->kind == WAIT || row->status == STATUS_SKIPPED ||
		    row->status == STATUS_DUPLICATE || row->status == STATUS_CANCELLED;
	double share = all ? (double)amount / (double)all : 0;
	const char *kind = row->kind == STAGE ? kinds[0] : kinds[idle ? 2 : 1];

	buf_addf(out, row->kind == STAGE ? "<b>%s</b>" : "<span>%s</span>", row->label);
	page_bar(out, row->kind == STAGE || all == 0 ? 0 : (double)left / (double)all,
		 share, kind);
	page_put(out, "<span class=\"amount\">");
	page_put(out, row->kind == STAGE ? "" : "−");
	page_count(out, amount);
	page_put(out, "</span><span class=\"rate\">");
	if (all && share > 0 && share < 0.01)
		page_put(out, "&lt; 1 %");
	else
		buf_addf(out, "%.0f %%", share * 100);
	page_put(out, "</span>");
}

static void add_reason(struct buf *out, const char *word, int64_t count)
{
	if (count == 0)
		return;
	buf_addf(out, "<li><code>%s</code><span>", word);
	page_count(out, count);
	page_put(out, "</span></li>");
}

static void add_reasons(struct buf *out, const struct overview *o, const struct row *row)
{
	page_put(out, "<ul class=\"reasons\">");
	if (row->kind == WAIT) {
		add_reason(out, "rows not taken up yet", o->totals.unclaimed);
		add_reason(out, "pending", of_status(o, STATUS_PENDING));
		add_reason(out, "sending", of_status(o, STATUS_SENDING));
		add_reason(out, "retrying", of_status(o, STATUS_RETRYING));
	} else if (row->status == STATUS_DUPLICATE) {
		page_put(out, "<li>the event_id of an earlier row</li>");
	}
	for (int i = 1; row->kind == LOSS && i < 16; i++) {
		int state = (int)row->status * 16 + i;

		if (o->count[state])
			add_reason(out, reason_word((enum reason)state), o->count[state]);
	}
	page_put(out, "</ul>");
}

void page_funnel(const struct page_view *p, struct buf *out)
{
	const struct overview *o = p->overview;
	int64_t all = all_of(o), left = all;

	page_put(out, "<section id=\"funnel\" aria-labelledby=\"h-funnel\"><h2 "
		      "id=\"h-funnel\">What became of the deliveries <span "
		      "class=\"soft\">one a row and destination; all that the database "
		      "holds</span></h2><ul class=\"funnel\">");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		int64_t amount = row->kind == STAGE ? left : amount_of(o, row);

		if (row->kind == STAGE) {
			page_put(out, "<li class=\"stage\">");
			add_cells(out, row, amount, left, all);
			page_put(out, "</li>");
			continue;
		}
		left -= amount;
		if (amount == 0)
			continue;
		buf_addf(out, "<li><details id=\"loss-%s\"><summary>", row->label);
		add_cells(out, row, amount, left, all);
		page_put(out, "</summary>");
		add_reasons(out, o, row);
		page_put(out, "</details></li>");
	}
	page_put(out, "</ul></section>");
}
