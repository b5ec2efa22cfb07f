// Builds a kustomization as `kubectl -k` does, holds each object against Kubernetes' own types (a field that does not
// exist is an error), and prints the objects as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

var types = map[string]func() any{
	"apps/v1/Deployment":                     func() any { return &apps.Deployment{} },
	"apps/v1/StatefulSet":                    func() any { return &apps.StatefulSet{} },
	"autoscaling/v2/HorizontalPodAutoscaler": func() any { return &autoscaling.HorizontalPodAutoscaler{} },
	"batch/v1/Job":                           func() any { return &batch.Job{} },
	"networking.k8s.io/v1/NetworkPolicy":     func() any { return &networking.NetworkPolicy{} },
	"policy/v1/PodDisruptionBudget":          func() any { return &policy.PodDisruptionBudget{} },
	"v1/ConfigMap":                           func() any { return &core.ConfigMap{} },
	"v1/Namespace":                           func() any { return &core.Namespace{} },
	"v1/Secret":                              func() any { return &core.Secret{} },
	"v1/Service":                             func() any { return &core.Service{} },
}

func main() {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), os.Args[1])
	check("kustomization", err)
	objects := []any{}
	for _, resource := range built.Resources() {
		gvk := resource.GetGvk()
		name := gvk.ApiVersion() + "/" + gvk.Kind
		make, known := types[name]
		if !known {
			check(name, fmt.Errorf("a kind that is not known here"))
		}
		text, err := resource.AsYAML()
		check(name, err)
		object := make()
		check(name+" "+resource.GetName(), yaml.UnmarshalStrict(text, object))
		objects = append(objects, object)
	}
	check("output", json.NewEncoder(os.Stdout).Encode(objects))
}

func check(what string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, what+":", err)
		os.Exit(1)
	}
}
