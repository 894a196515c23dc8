package intent_test

import (
	"sync"

	"handrail/intent"
)

// propertyModel is trained once for all the texts of a property test.
var propertyModel = sync.OnceValue(func() *intent.Model {
	m, err := intent.TrainModel(shopExamples(), intent.TrainOptions{})
	if err != nil {
		panic(err)
	}
	return m
})
