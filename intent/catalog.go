package intent

import (
	"io"

	"handrail/internal/errs"
)

// LoadCatalog reads a catalog from YAML. Errors are of kind [errs.Invalid] and name the line and what to do.
//
//	intents:
//	  - name: order_status
//	    description: Where an order is and when it arrives.
//	    policy: answer            # answer, handoff, reply or clarify; answer if absent
//	    threshold: 0.8            # optional
//	    group: orders             # optional
//	    label: {en: Track an order, zh: 查询订单}
//	    reply: {en: ..., zh: ...} # needed for policy reply
//	    examples:
//	      en:
//	        - Where is my parcel?
//	      zh:
//	        - 我的包裹到哪里了
//	out_of_scope:                 # optional
//	  en:
//	    - What is the capital of France?
func LoadCatalog(r io.Reader) (Catalog, error) {
	return Catalog{}, errs.New(errs.Unsupported, "not yet")
}
