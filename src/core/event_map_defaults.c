/* SPDX-License-Identifier: MIT */
/* clang-format off: a row a line */
#include "core/event_map.h"

/* Lookups fold case, blanks, '-', '.' and '_', so that one spelling of each is enough.
 * Only what a person did once and what an advertiser bids on: no refunds, no steps of a
 * checkout that another event stands for. */
const struct event_map_default event_map_defaults[] = {
	/* GA4 */
	{"purchase", "Purchase"},
	{"in_app_purchase", "Purchase"},
	{"ecommerce_purchase", "Purchase"},
	{"begin_checkout", "InitiateCheckout"},
	{"add_payment_info", "AddPaymentInfo"},
	{"add_to_cart", "AddToCart"},
	{"add_to_wishlist", "AddToWishlist"},
	{"view_item", "ViewContent"},
	{"search", "Search"},
	{"view_search_results", "Search"},
	{"sign_up", "CompleteRegistration"},
	{"generate_lead", "Lead"},
	{"file_download", "Download"},
	{"start_trial", "StartTrial"},
	{"subscribe", "Subscribe"},
	/* Segment's e-commerce, B2B and mobile specifications */
	{"Order Completed", "Purchase"},
	{"Checkout Started", "InitiateCheckout"},
	{"Payment Info Entered", "AddPaymentInfo"},
	{"Product Added", "AddToCart"},
	{"Product Added to Wishlist", "AddToWishlist"},
	{"Product Viewed", "ViewContent"},
	{"Products Searched", "Search"},
	{"Signed Up", "CompleteRegistration"},
	{"Account Created", "CompleteRegistration"},
	{"User Registered", "CompleteRegistration"},
	{"Trial Started", "StartTrial"},
	{"Subscription Created", "Subscribe"},
	{"Subscription Started", "Subscribe"},
	{"Subscribed", "Subscribe"},
	{"Lead Submitted", "Lead"},
	{"Lead Generated", "Lead"},
	{"Lead Created", "Lead"},
	{"Form Submitted", "Lead"},
	{"Demo Requested", "Lead"},
	{"Application Submitted", "SubmitApplication"},
	{"Application Approved", "ApplicationApproval"},
	{"Appointment Booked", "Schedule"},
	{"Appointment Scheduled", "Schedule"},
	{"Product Customized", "CustomizeProduct"},
	{"Store Located", "FindLocation"},
	/* Shopify's pixel events and webhook topics */
	{"checkout_completed", "Purchase"},
	{"payment_info_submitted", "AddPaymentInfo"},
	{"product_added_to_cart", "AddToCart"},
	{"search_submitted", "Search"},
	{"orders/paid", "Purchase"},
	{"checkouts/create", "InitiateCheckout"},
	{"customers/create", "CompleteRegistration"},
	/* TikTok's own names in the spelling of a column or a variable */
	{"view_content", "ViewContent"},
	{"initiate_checkout", "InitiateCheckout"},
	{"complete_registration", "CompleteRegistration"},
	{"submit_application", "SubmitApplication"},
	{"application_approval", "ApplicationApproval"},
	{"customize_product", "CustomizeProduct"},
	{"find_location", "FindLocation"},
	{"lead", "Lead"},
	{"contact", "Contact"},
	{"download", "Download"},
	{"schedule", "Schedule"},
	/* and those it has renamed */
	{"CompletePayment", "Purchase"},
	{"complete_payment", "Purchase"},
	{"SubmitForm", "Lead"},
	{"submit_form", "Lead"},
};

const size_t event_map_defaults_count =
	sizeof(event_map_defaults) / sizeof(event_map_defaults[0]);
